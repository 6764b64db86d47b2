// Package client ties the concepts of core together into a license in use:
// authorized when it is opened, metered while it runs, reported every interval.
// It is what the C ABI calls, and what Go programs import.
package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
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
	directory  string         // "" if nothing can be kept
	place      datafile.Place // of the directory
	device     device.Identity
	ledger     *ledger.Ledger
	tally      *tally.Tally
	sealer     *report.Sealer
	submitter  *report.Submitter
	transport  http.RoundTripper
	recognized license.Recognition
	renewal    renewal
	events     *events
	flags      atomic.Uint32
	types      atomic.Int32 // operation types the host defined
	failing    atomic.Bool  // the ledger could not be written when last tried
	exposed    atomic.Bool  // the counters' file is gone
	unbalanced atomic.Bool  // the ledger was lost or damaged, and what is missing not declared yet
	closed     atomic.Bool
	stop       context.CancelFunc
	working    sync.WaitGroup
	adopted    chan struct{} // closed when what dead runs left was taken over
	untaken    string        // why some of it last could not be; adopt's own

	watch clockWatch

	defining sync.Mutex // held while an operation type is defined

	mu        sync.Mutex // guards what follows
	quota     protocol.Quota
	lastUsage ledger.Account // as last read
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
		transport, err := license.NewTransport(&parameters)
		if err != nil {
			return nil, err
		}
		l.transport = transport
	}
	if err := l.openStorage(ctx); err != nil {
		return nil, err
	}
	granted, err := l.authorizer().Authorize(ctx)
	if err != nil {
		return nil, err
	}
	l.renewal.begin(environment.RenewEvery, granted, l.clock.Elapsed())
	l.watch.begin(l)
	l.quota = granted.Authorization.Quota
	if err := l.openMeter(ctx); err != nil {
		return nil, err
	}
	l.flags.Or(uint32(granted.Flags))
	l.start()
	return l, nil
}

// openStorage opens what is kept in the data directory. If that can't be used,
// everything is kept in memory and the license says so: usage that can be
// counted now is worth more than a program that does not start. The device is the
// same if its identity can be read. If others hold the ledger for longer than we may
// wait, we go on without until they let it go.
func (l *License) openStorage(ctx context.Context) error {
	ctx, cancel := storageTime(ctx)
	defer cancel()
	directory := prepareDirectory(l.parameters.DataDirectory)
	identity := device.Read(directory.path)
	err := directory.unusable
	if directory.writable() {
		l.directory, l.place = directory.path, directory.place
		err = l.openIn(ctx, l.directory, identity)
	}
	if err == nil {
		l.tellOfIdentity()
		return nil
	}
	if status := protocol.StatusOf(err); status == protocol.StatusInvalidArgument || status == protocol.StatusBindDeviceFailed {
		return err // not the directory's fault
	}
	l.degrade(err)
	if err := l.openIn(ctx, "", identity); err != nil {
		if status := protocol.StatusOf(err); status == protocol.StatusInvalidArgument || status == protocol.StatusBindDeviceFailed {
			return err
		}
		return ledger.Failed("keeping usage in memory", err)
	}
	l.tellOfIdentity()
	return nil
}

// storageTime is the part of the time for opening a license that the data directory
// may take: the servers have to be asked, too.
func storageTime(ctx context.Context) (context.Context, context.CancelFunc) {
	const share, longest = 4, 2 * time.Second
	wait := longest
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/share)
	}
	return context.WithTimeout(ctx, wait)
}

func (l *License) openIn(ctx context.Context, directory string, identity *device.File) (err error) {
	l.ledger, err = ledger.Open(ctx, directory, ledger.Options{Now: l.clock.Now, Notify: l.ledgerNotice})
	if errors.Is(err, ledger.ErrBusy) {
		l.storageFailed(err)
		err = nil
	}
	if err != nil {
		return err
	}
	l.device, err = identity.Identity(ctx, l.parameters.UUIDGenerationMethod, l.parameters.DeviceUUID, copyIn(l.ledger))
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
func (l *License) openMeter(ctx context.Context) error {
	granted := l.grant()
	authorization := granted.Authorization
	account := tally.Account{LTS: granted.LTS, Device: l.device.UUID, HandshakeCode: authorization.HandshakeCode, Item: authorization.Item.ID}
	length := slot.Length(l.parameters.SlotSeconds)

	l.tally = unpark(l.directory, account, int64(length))
	if l.tally == nil {
		if err := l.createTally(ctx, account, length); err != nil {
			return err
		}
	}
	l.sealer = report.NewSealer(l.tally, l.ledger)
	ctx, cancel := storageTime(ctx)
	defer cancel()
	err := l.sealer.Meet(ctx)
	if err == nil {
		err = l.sealer.Prepare(ctx, l.clock)
	}
	if err != nil {
		// The counters hold what is recorded until the ledger can be written.
		l.storageFailed(err)
		l.sealer.PrepareQuickly(l.clock)
	}
	l.types.Store(int32(l.tally.DefinedTypes()))

	key, err := reportKey(l.device, authorization.ReportKey)
	if err != nil {
		return err
	}
	l.submitter = (&report.Submitter{Ledger: l.ledger, Clock: l.clock, Transport: l.transport, Servers: l.parameters.Servers(),
		Timeout: l.parameters.RequestTimeout, Device: l.device.UUID, LTS: granted.LTS, Key: key,
		Recognition: &l.recognized, LockFile: l.inDirectory(lockFile)}).Ready()
	return nil
}

// createTally makes the counters in the data directory. If that fails, because the
// disk is full or failing, all goes on in memory, reports too: what is counted there
// must be submitted from there.
func (l *License) createTally(ctx context.Context, account tally.Account, length slot.Length) (err error) {
	if l.directory != "" {
		if err = l.roomForRun(ctx); err == nil {
			l.tally, err = tally.Create(l.directory, account, length, l.clock.Now())
		}
		if err == nil {
			return nil
		}
		l.degrade(err)
		before := l.ledger
		if l.ledger, err = ledger.Open(ctx, "", ledger.Options{Now: l.clock.Now}); err != nil {
			l.ledger = before
			return ledger.Failed("keeping usage in memory", err)
		}
		_ = before.Close()
	}
	if l.tally, err = tally.Create("", account, length, l.clock.Now()); err != nil {
		return ledger.Failed("making the counters", err)
	}
	return nil
}

// roomForRun says why the ledger has no room for what a tally counts. If others have it,
// or it fails otherwise, the tally holds that.
func (l *License) roomForRun(ctx context.Context) error {
	ctx, cancel := storageTime(ctx)
	defer cancel()
	if err := l.ledger.RoomForRun(ctx); errors.Is(err, ledger.ErrNoRoom) {
		return err
	}
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

// RecordAt counts operations done at a moment of the caller's choice: up to 30
// days back, not in the future. They are durable when it returns. Only if the counters
// can't take them, it waits for the ledger, until ctx ends.
func (l *License) RecordAt(ctx context.Context, operationType protocol.OperationType, n uint32, unix int64) error {
	if err := l.checkType(operationType); err != nil {
		return err
	}
	now := l.clock.Now()
	if unix > now.Unix() || unix < now.Add(-retention).Unix() {
		return protocol.Errorf(protocol.StatusTimeOutOfRange, "the time stamp %s lies in the future or more than %d days back",
			time.Unix(unix, 0).UTC().Format(time.RFC3339), protocol.RetentionDays)
	}
	if n == 0 || l.sealer.CountAt(int(operationType), uint64(n), unix) {
		return nil
	}
	keep := func() error {
		return l.ledger.Record(ctx, l.tally, l.tally.Slot.Start(unix), int(operationType), int64(n))
	}
	err := keep()
	if errors.Is(err, ledger.ErrNoRoom) && l.submitForRoom(ctx) {
		err = keep()
	}
	if err != nil {
		return ledger.Failed("keeping the operation", err)
	}
	return nil
}

// submitForRoom submits what is in the ledger, because of a full disk, and tells whether
// that made room.
func (l *License) submitForRoom(ctx context.Context) bool {
	outcome, err := l.submit(ctx, false)
	l.tell(outcome, err)
	return outcome.Reports > 0
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
	l.defining.Lock()
	defer l.defining.Unlock()
	number, ok := l.tally.DefineType(name)
	if !ok {
		return 0, protocol.Errorf(protocol.StatusTooMany, "all %d operation types of this license are defined", tally.HostTypes)
	}
	l.types.Store(int32(l.tally.DefinedTypes()))
	return protocol.OperationType(number), nil
}

// Submit seals everything recorded so far, also in the current slot, and
// submits it, also what failed before. nil means nothing is left.
func (l *License) Submit(ctx context.Context) error {
	if l.closed.Load() {
		return protocol.StatusInvalidHandle
	}
	return l.sealAndSubmit(ctx)
}

// inTime tells whether a deadline has not passed, by the machine's clock.
func (l *License) inTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Now().Before(deadline)
}

func (l *License) sealAndSubmit(ctx context.Context) error {
	// What dead runs left is part of everything.
	select {
	case <-l.adopted:
	case <-ctx.Done():
		return protocol.Errorf(protocol.StatusDeadlineExceeded, "the deadline passed while usage of earlier runs was taken over; it is kept")
	}
	for {
		sealErr := l.seal(ctx, l.clock.Now(), true)
		if sealErr != nil {
			sealErr = ledger.Failed("sealing the current slot", sealErr)
		}
		if sealErr != nil && !errors.Is(sealErr, ledger.ErrNoRoom) {
			return sealErr
		}
		accepted, err := l.submitSealed(ctx)
		// On a full disk, what was accepted makes room for what is still in the counters.
		if sealErr == nil || err != nil || accepted == 0 {
			return errors.Join(err, sealErr)
		}
	}
}

// submitSealed submits all that is in the ledger, and answers how many reports were
// accepted.
func (l *License) submitSealed(ctx context.Context) (accepted int, err error) {
	if l.unbalanced.Load() {
		if err := l.balance(ctx); err != nil {
			return 0, ledger.Failed("declaring what was lost with a ledger", err)
		}
	}
	l.purge(ctx) // what is too old is not submitted any more
	outcome, err := l.submit(ctx, true)
	l.tell(outcome, err)
	switch {
	case err == nil && len(outcome.Refused) > 0:
		return outcome.Reports, outcome.Refused[0].Error
	case err == nil:
		return outcome.Reports, nil
	case protocol.StatusOf(err) == protocol.StatusInternal:
		return outcome.Reports, protocol.Errorf(protocol.StatusReportsPending, "%w", err)
	default:
		return outcome.Reports, err
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
	Usage Account
}

// Info tells what is known of the license. If the ledger can't be read until ctx
// ends, usage is what it was when it last could, and what was recorded since; the
// flag STORAGE_DEGRADED is set then.
func (l *License) Info(ctx context.Context) (Info, error) {
	if l.closed.Load() {
		return Info{}, protocol.StatusInvalidHandle
	}
	// Half of the time for the usage of dead runs, which is normally taken over by the
	// time Open ends.
	adopting, cancel := half(ctx)
	defer cancel()
	select {
	case <-l.adopted:
	case <-adopting.Done():
	}
	granted := l.grant()
	info := Info{Grant: granted.Authorization, DeviceUUID: l.device.UUID,
		Modules: commonModules(granted.Authorization.Item.Modules, l.parameters.LimitedLicenseModules),
		Run:     l.tally.Run, SlotSeconds: l.parameters.SlotSeconds, AuthorizedAt: granted.AuthorizedAt(),
		BufferUntil: granted.BufferUntil(), Usage: l.usage(ctx)}
	info.Flags = protocol.StateFlag(l.flags.Load())
	if info.Usage.Lost() > 0 {
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

// usage is that of the device, what is not in the ledger yet included.
func (l *License) usage(ctx context.Context) ledger.Account {
	usage, err := l.ledger.Account(ctx)
	l.mu.Lock()
	if err == nil {
		l.lastUsage = usage
	}
	usage = l.lastUsage
	l.mu.Unlock()
	if err != nil {
		l.storageFailed(err)
	}
	unsealed := l.sealer.Unsealed()
	usage.Recorded += unsealed
	usage.Pending += unsealed
	return usage
}

// half bounds by half of the time that ctx leaves.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
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
	// A little time is there even if the caller has none: what is in the counters is
	// safe, but in the ledger it is seen. Requests were cancelled.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	select {
	case <-stopped:
	case <-short.Done():
	}
	var err error
	if ctx.Err() == nil {
		if err = l.sealAndSubmit(ctx); err == nil {
			l.giveBack(ctx)
		}
	} else if err = l.seal(short, l.clock.Now(), true); err == nil {
		if usage, readErr := l.ledger.Account(short); readErr != nil || usage.Pending > 0 {
			err = protocol.StatusReportsPending
		}
	}
	switch {
	case err != nil && (l.directory == "" || !l.tally.Durable() && l.sealer.Unsealed() > 0):
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

// giveBack tells the server that the license is not in use any more, where a seat lasts
// no longer than that. It need not get there: the seat ends by itself some minutes
// after the last report.
func (l *License) giveBack(ctx context.Context) {
	granted := l.grant().Authorization
	if granted.Item.ChargeWay.Concurrent() {
		_ = l.submitter.GiveBack(ctx, protocol.ClosedLicense{HandshakeCode: granted.HandshakeCode, Item: granted.Item.ID})
	}
}

// closeGrace is how long Close may take although its deadline is over.
const closeGrace = 200 * time.Millisecond

// release gives back what Open took, as far as it got.
func (l *License) release() {
	if l.ledger != nil {
		_ = l.ledger.Close()
	}
	if transport, ok := l.transport.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
}

// DefinedTypes is the number of operation types that the host defined for this
// license, in this process or before its tally was parked.
func (l *License) DefinedTypes() int { return int(l.types.Load()) }
