// Package client ties the concepts of core together into a license in use:
// authorized when it is opened, metered while it runs, reported every interval.
// It is what the C ABI calls, and what Go programs import.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/device"
	"github.com/openlts/openlts/core/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/report"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/tally"
)

// Version is the version of the library.
const Version = "0.1.0"

// Environment is what a license takes from the outside. The zero value means
// the machine's own.
type Environment struct {
	Clock slot.Clock
	// Transport carries requests to servers; nil makes one of the license's own.
	Transport http.RoundTripper
	// RenewEvery is how often a license in use asks for a new authorization; 0 means
	// once a day.
	RenewEvery time.Duration
}

// License is a license in use. Its methods may be called from any goroutine.
type License struct {
	parameters license.Parameters
	clock      slot.Clock
	directory  string // "" if nothing can be kept
	device     device.Identity
	ledger     *ledger.Ledger
	tally      *tally.Tally
	sealer     *report.Sealer
	submitter  *report.Submitter
	transport  http.RoundTripper
	renewal    renewal
	events     *events
	flags      atomic.Uint32
	types      atomic.Int32 // operation types the host defined
	failing    atomic.Bool  // the ledger could not be written when last tried
	exposed    atomic.Bool  // the counters' file is gone
	closed     atomic.Bool
	stop       context.CancelFunc
	working    sync.WaitGroup
	adopted    chan struct{} // closed when what dead runs left was taken over

	mu    sync.Mutex // guards quota
	quota protocol.Quota
}

// lockFile is locked by the process that submits.
const lockFile = "submit.lock"

// Open asks for an authorization and begins metering. It blocks for
// parameters.InitTimeout at most. The error is a *protocol.Error whose status
// says why; a refusal by a server is final.
func Open(ctx context.Context, parameters license.Parameters, environment Environment) (_ *License, err error) {
	if err := parameters.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, parameters.InitTimeout)
	defer cancel()

	l := &License{parameters: parameters, clock: environment.Clock, transport: environment.Transport,
		events: newEvents(), adopted: make(chan struct{})}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if l.clock == nil {
		l.clock = slot.System{}
	}
	if l.transport == nil {
		if l.transport, err = license.NewTransport(&parameters); err != nil {
			return nil, err
		}
	}
	if err := l.openStorage(); err != nil {
		return nil, err
	}
	granted, err := l.authorizer().Authorize(ctx)
	if err != nil {
		return nil, err
	}
	l.renewal.begin(environment.RenewEvery, granted, l.clock.Elapsed())
	l.quota = granted.Authorization.Quota
	err = l.openMeter()
	if protocol.StatusOf(err) == protocol.StatusLicenseBufferFailed && l.directory != "" {
		// The storage failed after it was opened.
		l.degrade(err)
		_ = l.ledger.Close()
		if l.ledger, err = ledger.Open("", l.clock.Now()); err == nil {
			err = l.openMeter()
		}
	}
	if err != nil {
		return nil, err
	}
	l.flags.Or(uint32(granted.Flags))
	l.start()
	return l, nil
}

// openStorage opens what is kept in the data directory. If that can't be used,
// everything is kept in memory and the license says so: usage that can be
// counted now is worth more than a program that does not start.
func (l *License) openStorage() (err error) {
	l.directory, err = prepareDirectory(l.parameters.DataDirectory)
	if err == nil {
		err = l.openIn(l.directory)
	}
	if err == nil {
		if damage := l.ledger.Damage(); damage != "" {
			l.recovered(damage)
		}
		return nil
	}
	if status := protocol.StatusOf(err); status == protocol.StatusInvalidArgument || status == protocol.StatusBindDeviceFailed {
		return err // not the directory's fault
	}
	l.degrade(err)
	if err := l.openIn(""); err != nil {
		return protocol.Errorf(protocol.StatusLicenseBufferFailed, "nothing can be kept, not even in memory: %w", err)
	}
	return nil
}

func (l *License) openIn(directory string) (err error) {
	if l.ledger, err = ledger.Open(directory, l.clock.Now()); err != nil {
		return err
	}
	l.device, err = device.Load(directory, l.parameters.UUIDGenerationMethod, l.parameters.DeviceUUID, l.ledger)
	if err != nil {
		_ = l.ledger.Close()
	}
	return err
}

// degrade notes that the data directory can't be used, and why.
func (l *License) degrade(err error) {
	l.directory = ""
	l.flags.Or(uint32(protocol.StateFlagStorageDegraded))
	l.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0,
		fmt.Sprintf("usage is kept in memory and dies with the process: %v", err))
}

// openMeter makes the tally that this license counts in.
func (l *License) openMeter() error {
	granted := l.grant()
	authorization := granted.Authorization
	account := tally.Account{LTS: granted.LTS, Device: l.device.UUID, HandshakeCode: authorization.HandshakeCode, Item: authorization.Item.ID}
	length := slot.Length(l.parameters.SlotSeconds)

	l.tally = unpark(l.directory, account, int64(length))
	if l.tally == nil {
		t, err := tally.Create(l.directory, account, length, l.clock.Now())
		if err != nil && l.directory != "" {
			// Full or failing disk: the ledger may still take what is folded, so
			// only the counters move to memory.
			l.flags.Or(uint32(protocol.StateFlagStorageDegraded))
			l.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0,
				fmt.Sprintf("counters are kept in memory and die with the process: %v", err))
			t, err = tally.Create("", account, length, l.clock.Now())
		}
		if err != nil {
			return protocol.Errorf(protocol.StatusLicenseBufferFailed, "the counters can't be made: %w", err)
		}
		l.tally = t
	}
	var err error
	l.sealer, err = report.NewSealer(l.tally, l.ledger)
	if errors.Is(err, ledger.ErrMoved) { // since it was opened
		if _, err = l.reopenLedger(l.clock.Now()); err == nil {
			l.sealer, err = report.NewSealer(l.tally, l.ledger)
		}
	}
	if err == nil {
		err = l.sealer.Prepare(l.clock)
	}
	var defined int
	if err == nil {
		defined, err = l.ledger.DefinedTypes(l.tally.Run)
	}
	if err != nil {
		park(l.directory, l.tally) // nothing is in it, or it is known
		return protocol.Errorf(protocol.StatusLicenseBufferFailed, "metering can't begin: %w", err)
	}
	l.types.Store(int32(defined))

	key, err := reportKey(l.device, authorization.ReportKey)
	if err != nil {
		return err
	}
	l.submitter = (&report.Submitter{Ledger: l.ledger, Clock: l.clock, Transport: l.transport, Servers: l.parameters.Servers(),
		Timeout: l.parameters.RequestTimeout, Device: l.device.UUID, LTS: granted.LTS, Key: key, LockFile: l.inDirectory(lockFile)}).Ready()
	return nil
}

func (l *License) inDirectory(name string) string {
	if l.directory == "" {
		return ""
	}
	return filepath.Join(l.directory, name)
}

// Record counts n operations of a type in the slot of now. It is the Go twin of
// LTS_RecordOperation.
func (l *License) Record(operationType protocol.OperationType, n uint32) error {
	if err := l.checkType(operationType); err != nil {
		return err
	}
	for range 2 {
		if l.tally.Add(int(operationType), uint64(n), l.clock.Now().Unix()) {
			return nil
		}
		if !l.Prepare() {
			break
		}
	}
	if !l.tally.AddStray(int(operationType), uint64(n), l.clock.Now().Unix()) {
		l.tally.AddTo(l.sealer.LastFrame(), int(operationType), uint64(n))
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
	if operationType < protocol.FirstHostOperationType || operationType >= protocol.FirstHostOperationType+protocol.OperationType(l.types.Load()) {
		return protocol.Errorf(protocol.StatusUnknownOperationType, "operation type %d is not defined", operationType)
	}
	return nil
}

// Prepare labels frames for now and the slot after it: the slow path of
// recording, for when the clock jumped. It takes no time and may fail; then the
// operation counts as a stray.
func (l *License) Prepare() bool { return l.sealer.PrepareQuickly(l.clock) }

// Tally is the counters of this license, for the C hot path. They stay mapped
// when the license is closed.
func (l *License) Tally() *tally.Tally { return l.tally }

// RecordAt counts operations done at a moment of the caller's choice: up to 30
// days back, not in the future. They are durable when it returns.
func (l *License) RecordAt(operationType protocol.OperationType, n uint32, unix int64) error {
	if err := l.checkType(operationType); err != nil {
		return err
	}
	now := l.clock.Now()
	if unix > now.Unix() || unix < now.Add(-retention).Unix() {
		return protocol.Errorf(protocol.StatusTimeOutOfRange, "the time stamp %s lies in the future or more than %d days back",
			time.Unix(unix, 0).UTC().Format(time.RFC3339), protocol.RetentionDays)
	}
	if n == 0 {
		return nil
	}
	err := l.inLedger(func() error {
		return l.ledger.Record(l.tally.Run, l.tally.Slot.Start(unix), int(operationType), int64(n))
	})
	if err != nil {
		return protocol.Errorf(protocol.StatusLicenseBufferFailed, "the operation can't be kept: %w", err)
	}
	return nil
}

// DefineOperationType gives a name a number, the same again for the same name.
func (l *License) DefineOperationType(name string) (protocol.OperationType, error) {
	if l.closed.Load() {
		return 0, protocol.StatusInvalidHandle
	}
	if builtIn, ok := protocol.OperationTypeByName(name); ok {
		return builtIn, nil
	}
	if !protocol.ValidOperationTypeName(name) {
		return 0, protocol.Errorf(protocol.StatusInvalidArgument,
			"%.80q is no name for an operation type: 1 to %d characters out of A-Z, 0-9 and _, starting with a letter", name, protocol.MaxOperationTypeName)
	}
	var number int
	var full bool
	err := l.inLedger(func() (err error) {
		number, full, err = l.ledger.DefineType(l.tally.Run, name)
		return err
	})
	if err != nil {
		return 0, protocol.Errorf(protocol.StatusLicenseBufferFailed, "the operation type can't be kept: %w", err)
	}
	if full {
		return 0, protocol.Errorf(protocol.StatusTooMany, "all %d operation types of this license are defined",
			protocol.OperationTypes-int(protocol.FirstHostOperationType))
	}
	l.tally.SetTypeName(number, name)
	for {
		have := l.types.Load()
		want := int32(number) - int32(protocol.FirstHostOperationType) + 1
		if have >= want || l.types.CompareAndSwap(have, want) {
			return protocol.OperationType(number), nil
		}
	}
}

// Submit seals everything recorded so far, also in the current slot, and
// submits it, also what failed before. nil means nothing is left.
func (l *License) Submit(ctx context.Context) error {
	if l.closed.Load() {
		return protocol.StatusInvalidHandle
	}
	return l.sealAndSubmit(ctx)
}

func (l *License) sealAndSubmit(ctx context.Context) error {
	err := l.sealAndSubmitAll(ctx)
	if errors.Is(err, ledger.ErrBusy) && !l.inTime(ctx) {
		return protocol.Errorf(protocol.StatusDeadlineExceeded, "the deadline passed while another process had the ledger; everything is kept: %w", err)
	}
	return err
}

// inTime tells whether a deadline has not passed, by the machine's clock.
func (l *License) inTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Now().Before(deadline)
}

func (l *License) sealAndSubmitAll(ctx context.Context) error {
	// What dead runs left is part of everything.
	select {
	case <-l.adopted:
	case <-ctx.Done():
		return protocol.Errorf(protocol.StatusDeadlineExceeded, "the deadline passed while usage of earlier runs was taken over; it is kept")
	}
	if err := l.seal(ctx, l.clock.Now(), true); err != nil {
		return protocol.Errorf(protocol.StatusLicenseBufferFailed, "sealing the current slot: %w", err)
	}
	l.purge(ctx) // what is too old is not submitted any more
	outcome, err := l.submit(ctx, true)
	l.tell(outcome, err)
	switch {
	case err == nil && len(outcome.Refused) > 0:
		return outcome.Refused[0].Error
	case err == nil:
		return nil
	case protocol.StatusOf(err) == protocol.StatusInternal:
		return protocol.Errorf(protocol.StatusReportsPending, "%w", err)
	default:
		return err
	}
}

// Poll waits for the next event until ctx ends or the license is closed.
func (l *License) Poll(ctx context.Context) (Event, bool) { return l.events.take(ctx) }

// Info is what is known of a license.
type Info struct {
	Flags       protocol.StateFlag
	Status      protocol.Status // OK, or LICENSE_CACHE_USED with the reason in Message
	Message     string
	Grant       *protocol.Authorization
	Quota       protocol.Quota
	Modules     []protocol.LicenseModule // that may be used: of the item, and asked for; empty: all
	DeviceUUID  string
	Run         string
	SlotSeconds int
	// AuthorizedAt and BufferUntil are by our clock, in seconds since 1970.
	AuthorizedAt, BufferUntil int64
	// Usage is that of the device, what is not sealed yet included.
	Usage ledger.Account
}

// infoWait bounds how long Info waits for usage of dead runs to be taken over,
// which it would otherwise not show. It is normally done by the time Open ends.
const infoWait = 5 * time.Second

// Info tells what is known of the license.
func (l *License) Info() (Info, error) {
	if l.closed.Load() {
		return Info{}, protocol.StatusInvalidHandle
	}
	select {
	case <-l.adopted:
	case <-time.After(infoWait):
	}
	var usage ledger.Account
	err := l.withLedger(func() (err error) {
		usage, err = l.ledger.Account()
		return err
	})
	if err != nil {
		return Info{}, protocol.Errorf(protocol.StatusLicenseBufferFailed, "reading the ledger: %w", err)
	}
	unsealed := l.sealer.Unsealed()
	usage.Recorded += unsealed
	usage.Pending += unsealed
	granted := l.grant()
	info := Info{Flags: protocol.StateFlag(l.flags.Load()), Grant: granted.Authorization, DeviceUUID: l.device.UUID,
		Modules: commonModules(granted.Authorization.Item.Modules, l.parameters.LimitedLicenseModules),
		Run:     l.tally.Run, SlotSeconds: l.parameters.SlotSeconds, AuthorizedAt: granted.AuthorizedAt(),
		BufferUntil: granted.BufferUntil(), Usage: usage}
	if usage.Lost() > 0 {
		info.Flags |= protocol.StateFlagUsageLost
	}
	if granted.Reason != nil {
		info.Status, info.Message = protocol.StatusLicenseCacheUsed, granted.Reason.Error()
	}
	l.mu.Lock()
	info.Quota = l.quota
	l.mu.Unlock()
	return info, nil
}

// commonModules are the modules in both lists; an empty list means all.
func commonModules(granted, asked []protocol.LicenseModule) []protocol.LicenseModule {
	if len(granted) == 0 || len(asked) == 0 {
		return append(slices.Clone(granted), asked...)
	}
	return slices.DeleteFunc(slices.Clone(granted), func(module protocol.LicenseModule) bool {
		return !slices.Contains(asked, module)
	})
}

// Close ends metering: seals what was recorded, submits it until ctx ends (not
// at all if ctx is over already), and stops everything of the license. An error
// means that some reports are left for the next start; the license is closed in
// any case. The tally stays mapped; see parking.
func (l *License) Close(ctx context.Context) error {
	if !l.closed.CompareAndSwap(false, true) {
		return protocol.StatusInvalidHandle
	}
	l.stop()
	close(l.events.closed)
	stopped := make(chan struct{})
	spawn(l.contained, func() { l.working.Wait(); close(stopped) })
	// Its requests were cancelled, so this takes no longer than a transaction.
	select {
	case <-stopped:
	case <-time.After(closeGrace):
	}
	var err error
	if ctx.Err() == nil {
		err = l.sealAndSubmit(ctx)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		err = l.seal(ctx, l.clock.Now(), true)
		if err == nil {
			if usage, readErr := l.ledger.Within(ctx).Account(); readErr != nil || usage.Pending > 0 {
				err = protocol.StatusReportsPending
			}
		}
	}
	switch {
	case err != nil && l.directory == "":
		err = protocol.Errorf(protocol.StatusReportsPending, "closed; what was not submitted is lost, because nothing could be kept: %w", err)
	case err != nil && protocol.StatusOf(err) != protocol.StatusDeadlineExceeded:
		err = protocol.Errorf(protocol.StatusReportsPending, "closed; some reports are kept for the next start: %w", err)
	}
	park(l.directory, l.tally)
	select {
	case <-stopped:
		l.release()
	default:
		spawn(l.contained, func() { <-stopped; l.release() })
	}
	return err
}

// closeGrace is how long Close waits for the work in the background to end.
const closeGrace = 2 * time.Second

// release gives back what Open took, as far as it got.
func (l *License) release() {
	if l.ledger != nil {
		_ = l.ledger.Close()
	}
	if transport, ok := l.transport.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
}

// DeviceUUID tells the client UUID that a device would use with these
// parameters, making it if there is none yet.
func DeviceUUID(parameters license.Parameters) (string, error) {
	directory, err := prepareDirectory(parameters.DataDirectory)
	if err != nil {
		return "", protocol.Errorf(protocol.StatusLicenseBufferFailed, "%w", err)
	}
	var kept device.Copy
	// A ledger is opened only for the copy that it has of a lost identity: what else
	// is found then, such as damage, the license that opens it next has to tell.
	if _, err := os.Stat(filepath.Join(directory, device.FileName)); err != nil {
		if l, err := ledger.Open(directory, time.Now()); err == nil {
			defer func() { _ = l.Close() }()
			kept = l
		}
	}
	identity, err := device.Load(directory, parameters.UUIDGenerationMethod, parameters.DeviceUUID, kept)
	var known *protocol.Error
	if err != nil && !errors.As(err, &known) {
		err = protocol.Errorf(protocol.StatusLicenseBufferFailed, "%w", err)
	}
	return identity.UUID, err
}

// DefinedTypes is the number of operation types that the host defined for this
// license, in this process or before its tally was parked.
func (l *License) DefinedTypes() int { return int(l.types.Load()) }
