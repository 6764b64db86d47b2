package client

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
)

// Record counts n operations of a type in the current slot. LTS_RecordOperation does the same in C.
func (l *License) Record(operationType protocol.OperationType, n uint32) error {
	if err := l.checkType(operationType); err != nil {
		return err
	}
	for range 2 {
		if l.meter.tally.Add(int(operationType), uint64(n), l.meter.clock.Now().Unix()) {
			return nil
		}
		if !l.Prepare() {
			break
		}
	}
	if !l.meter.tally.AddStray(int(operationType), uint64(n), l.meter.clock.Now().Unix()) {
		l.meter.tally.AddTo(l.meter.sealer.LastFrame(), int(operationType), uint64(n))
	}
	return nil
}

func (l *License) checkType(operationType protocol.OperationType) error {
	if l.closed.Load() {
		return protocol.StatusInvalidHandle
	}
	if operationType.BuiltIn() {
		return nil
	}
	if operationType < protocol.FirstHostOperationType ||
		operationType >= protocol.FirstHostOperationType+protocol.OperationType(l.types.Load()) {
		return protocol.Errorf(protocol.StatusUnknownOperationType, "operation type %d is not defined", operationType)
	}
	return nil
}

// Prepare labels frames for the current slot and the next one: the slow path of recording, after a
// jump of the clock. It does not wait and may fail; then the operation counts as a stray.
func (l *License) Prepare() bool { return l.meter.sealer.PrepareQuickly(l.meter.clock) }

// RecordAt counts operations done at a time that the caller names: at most 30 days ago, not in the
// future. They are durable when it returns. It waits for the ledger, until ctx ends, only if the
// counters have no room for them.
func (l *License) RecordAt(ctx context.Context, operationType protocol.OperationType, n uint32, unix int64) error {
	if err := l.checkType(operationType); err != nil {
		return err
	}
	l.meter.noticeSet(ctx)
	now := l.meter.clock.Now()
	if unix > now.Unix() || unix < now.Add(-retention).Unix() {
		return protocol.Errorf(protocol.StatusTimeOutOfRange,
			"the time stamp %s lies in the future or more than %d days back",
			time.Unix(unix, 0).UTC().Format(time.RFC3339), protocol.RetentionDays)
	}
	if n == 0 || l.meter.sealer.CountAt(int(operationType), uint64(n), unix) {
		return nil
	}
	keep := func() error {
		return l.meter.ledger.Record(ctx, l.meter.tally, l.meter.tally.Slot.Start(unix), int(operationType), int64(n))
	}
	err := keep()
	if errors.Is(err, ledger.ErrNoRoom) && l.meter.submitForRoom(ctx) {
		err = keep()
	}
	if err != nil {
		return ledger.Failed("keeping the operation", err)
	}
	return nil
}

// DefineOperationType gives a name a number, always the same number for the same name.
func (l *License) DefineOperationType(name string) (protocol.OperationType, error) {
	if l.closed.Load() {
		return 0, protocol.StatusInvalidHandle
	}
	if builtIn, ok := protocol.OperationTypeByName(name); ok {
		return builtIn, nil
	}
	if !protocol.ValidOperationTypeName(name) {
		return 0, protocol.Errorf(protocol.StatusInvalidArgument,
			"%.80q can't name an operation type: 1 to %d characters out of A-Z, 0-9 and _, starting with a letter",
			name, protocol.MaxOperationTypeName)
	}
	l.defining.Lock()
	defer l.defining.Unlock()
	number, ok := l.meter.tally.DefineType(name)
	if !ok {
		return 0, protocol.Errorf(protocol.StatusTooMany, "all %d operation types of this license are defined",
			tally.HostTypes)
	}
	l.types.Store(int32(l.meter.tally.DefinedTypes()))
	return protocol.OperationType(number), nil
}

// DefinedTypes is the number of operation types that the host defined for this
// license, in this process or before its tally was parked.
func (l *License) DefinedTypes() int { return int(l.types.Load()) }
