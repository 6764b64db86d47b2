package verification

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
)

// Scope tells which reports are collected.
type Scope struct {
	From, Until  int64  // the slots, half open
	Before       int64  // those that came before this moment
	Organization string // the id of the owner of their items
	// Write, if set, receives the lines of all of them; see Evidence.
	Write func(line []byte) error
}

// Collected contains the sums of reports.
type Collected struct {
	Reports int64
	Digest  string // of their lines
	Sums    []Sum  // by code, item and type; Month is empty
	Losses  []LossSum
}

// Collect sums up the reports of a scope, and computes their digest. The same scope has the same
// digest at any time, as long as its reports are there; ErrNoReports if some were deleted.
func Collect(ctx context.Context, s store.Store, scope Scope, options Options) (c Collected, err error) {
	err = s.Examine(ctx, func(e store.Examination) error {
		c, err = collect(ctx, e, scope, options)
		return err
	})
	return c, err
}

func collect(ctx context.Context, e store.Examination, scope Scope, options Options) (c Collected, err error) {
	closing, err := e.Closing()
	if err != nil {
		return c, err
	}
	if scope.From < closing.Pruned {
		return c, ErrNoReports
	}
	options.Until = scope.Until
	v := newVerifier(ctx, e, options)
	v.result.Since = scope.From
	defer func() { err = errors.Join(err, v.close()) }()
	if err := v.readItems(); err != nil {
		return c, err
	}
	runs := map[store.ID]bool{} // of the organization
	for run, err := range e.Runs() {
		if err != nil {
			return c, err
		}
		if v.items[run.Item].Organization == scope.Organization {
			runs[run.Key] = true
		}
	}
	v.wanted = func(r *store.ExaminedReport) bool { return runs[r.Run] && r.ReceivedAt < scope.Before }
	v.evidence.write = scope.Write
	operations, losses := sums{}, sums{}
	v.eachSlot = func(slot *folded, run *store.ExaminedRun) error {
		for _, k := range slot.accepted {
			operations.add(sumKey{v.CodeName(run.Code), v.itemName(run.Item), v.types.names[k.kind], ""}, k.units.all)
		}
		for cause, units := range slot.lost() {
			if units > 0 {
				losses.add(sumKey{v.CodeName(run.Code), v.itemName(run.Item), cause, ""}, units)
			}
		}
		return nil
	}
	if err := v.read(); err != nil {
		return c, err
	}
	if err := v.foldReports(); err != nil {
		return c, err
	}
	return Collected{Reports: v.evidence.reports, Digest: v.evidence.sum(), Sums: operations.sums(),
		Losses: losses.losses()}, nil
}

// Fold sums up lines of evidence, in their order, by the same rules.
type Fold struct {
	slot    *folded
	of      Evidence
	some    bool
	types   *types
	digest  *evidence
	sums    sums
	seen    map[string]bool // runs and their slots may not come again
	lastRun string
	devices map[string]int64 // units by device
}

// NewFold begins without lines.
func NewFold() *Fold {
	t := newTypes()
	return &Fold{slot: newFolded(0, 0), types: t, digest: &evidence{digest: sha256.New(), types: t}, sums: sums{},
		seen: map[string]bool{}, devices: map[string]int64{}}
}

// Add adds a line as it was read, with its line feed, and its decoded content.
func (f *Fold) Add(line []byte, e Evidence) error {
	_, _ = f.digest.digest.Write(line) // never fails
	f.digest.reports++
	run := e.Device + " " + e.Run + " " + e.Code + " " + e.Item
	if !f.some || run != f.lastRun || e.Slot != f.of.Slot {
		f.finish()
		if run != f.lastRun {
			if f.seen[run] {
				return fmt.Errorf("the reports of run %s are not side by side", e.Run)
			}
			f.seen[run] = true
		} else if f.some && e.Slot < f.of.Slot {
			return fmt.Errorf("the slots of run %s are not in order", e.Run)
		}
		f.slot.begin(1, e.Slot)
		f.some, f.of, f.lastRun = true, e, run
	}
	if e.Lost != "" {
		return nil
	}
	for kind, n := range e.Counts {
		f.slot.accept(f.types.number(kind), n, false)
	}
	return nil
}

func (f *Fold) finish() {
	for _, k := range f.slot.accepted {
		f.sums.add(sumKey{f.of.Code, f.of.Item, f.types.names[k.kind], ""}, k.units.all)
		f.devices[f.of.Device] += k.units.all
	}
	f.slot.begin(0, 0)
}

// Devices gives the units of each device in the lines.
func (f *Fold) Devices() map[string]int64 {
	f.finish()
	return f.devices
}

// Collected returns the sums of the lines, without losses.
func (f *Fold) Collected() Collected {
	f.finish()
	return Collected{Reports: f.digest.reports, Digest: f.digest.sum(), Sums: f.sums.sums()}
}
