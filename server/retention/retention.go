// Package retention deletes records that have been kept long enough. It works in small transactions
// with pauses, so that nobody has to wait, and continues where it was stopped. It deletes reports
// by whole months, once a signed checkpoint has their sums.
package retention

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// MinReportDays is the smallest number of days for which reports are kept, because clients may
// report for 30 days.
const MinReportDays = 40

// MinSeatDays is the smallest number of days for which seats are kept, because exceptions are reset
// every 365 days.
const MinSeatDays = 365

// Pruner deletes records that have been kept long enough.
type Pruner struct {
	Store store.Store
	Key   ed25519.PrivateKey // signs checkpoints
	Now   func() time.Time
	// Pause waits after each transaction, so that others can work; nil: as long as the transaction
	// took plus 5 ms.
	Pause func(ctx context.Context, took time.Duration)
	// Progress, if set, is called with how many reports of how many were read for a checkpoint.
	Progress func(done, of int64)
}

// Outcome is what was pruned.
type Outcome struct {
	// Removed is how many rows were deleted, by kind; a row of reports has one or more of them.
	Removed map[store.Record]int64 `json:"removed"`
	// Checkpoint is the slot up to which a new checkpoint was made; 0: none was made.
	Checkpoint int64 `json:"checkpoint,omitempty"`
}

// Prune deletes records that have been kept long enough. Several processes may do so at once.
func (p *Pruner) Prune(ctx context.Context) (Outcome, error) {
	outcome := Outcome{Removed: map[store.Record]int64{}}
	days, err := p.Store.Retention(ctx)
	if err != nil {
		return outcome, err
	}
	for _, record := range store.Records {
		if days[record] <= 0 {
			continue
		}
		before := p.Now().Add(-time.Duration(days[record]) * 24 * time.Hour)
		if record == store.RecordReceived {
			err = p.reports(ctx, before, &outcome)
		} else {
			err = p.remove(ctx, record, before.Unix(), &outcome)
		}
		if err != nil {
			return outcome, fmt.Errorf("pruning %s: %w", record, err)
		}
	}
	return outcome, nil
}

// remove deletes records of a kind, transaction by transaction.
func (p *Pruner) remove(ctx context.Context, record store.Record, before int64, outcome *Outcome) error {
	for position := int64(0); ; {
		start := time.Now()
		removed, next, err := p.Store.Prune(ctx, record, before, position)
		if err != nil {
			return err
		}
		if outcome.Removed[record] += removed; next == 0 {
			return nil
		}
		position = next
		p.pause(ctx, time.Since(start))
	}
}

func (p *Pruner) pause(ctx context.Context, took time.Duration) {
	if p.Pause != nil {
		p.Pause(ctx, took)
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(took + 5*time.Millisecond):
	}
}

// reports closes the slots before a month, makes a checkpoint of them unless there is one, and
// deletes their reports.
func (p *Pruner) reports(ctx context.Context, before time.Time, outcome *Outcome) error {
	until := verification.Until(before)
	var closing store.Closing
	reached := int64(0) // the newest checkpoint
	err := p.Store.Examine(ctx, func(e store.Examination) (err error) {
		if closing, err = e.Closing(); err != nil {
			return err
		}
		list, err := e.Checkpoints()
		if n := len(list); n > 0 {
			reached = list[n-1].ClosedBefore
		}
		return err
	})
	if err != nil {
		return err
	}
	if until > reached {
		if err := p.checkpoint(ctx, until); err != nil {
			return err
		}
		outcome.Checkpoint, reached = until, until
	}
	if closing.Swept >= reached {
		return nil
	}
	for _, record := range []store.Record{store.RecordReceived, store.RecordSlots} {
		if err := p.remove(ctx, record, reached, outcome); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoint closes the months that ended at least a given time ago (MinReportDays or more) and
// signs the sums of their reports, without deleting any: verification may begin there. It returns
// the slot up to which it was made; 0: there is one already.
func (p *Pruner) Checkpoint(ctx context.Context) (before int64, err error) {
	until, reached := verification.Until(p.Now().Add(-MinReportDays*24*time.Hour)), int64(0)
	err = p.Store.Examine(ctx, func(e store.Examination) error {
		list, err := e.Checkpoints()
		if n := len(list); n > 0 {
			reached = list[n-1].ClosedBefore
		}
		return err
	})
	if err != nil || until <= reached {
		return 0, err
	}
	return until, p.checkpoint(ctx, until)
}

func (p *Pruner) checkpoint(ctx context.Context, until int64) error {
	if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.CloseSlots(until) }); err != nil {
		return err
	}
	made, result, err := verification.MakeCheckpoint(ctx, p.Store, until, p.Now(), p.Key, verification.Options{
		Progress: p.Progress,
	})
	if errors.Is(err, verification.ErrDiffers) {
		first := result.Differences[0]
		return fmt.Errorf("%w in %d places, so nothing was deleted; the first is the %s of %s: stored %d, recomputed "+
			"%d. See `lts verify`",
			err, result.Different, first.What, first.Where, first.Stored, first.Recomputed)
	} else if err != nil {
		return err
	}
	err = p.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AddCheckpoint(made); err != nil {
			return err
		}
		return tx.AddAudit(store.Audit{
			At: made.MadeAt, Actor: "lts", Action: "checkpoint.add",
			Object: time.Unix(until, 0).UTC().Format(time.DateOnly),
			Detail: "stands for the reports of the slots before it",
		})
	})
	if errors.Is(err, store.ErrExists) {
		return nil // another process was faster
	}
	return err
}

// every is how often Run prunes, and first how long it waits at the start.
const (
	every = time.Hour
	first = 3 * time.Minute
)

// Run prunes regularly until ctx ends. It logs failures and tries again.
func (p *Pruner) Run(ctx context.Context, log *slog.Logger) {
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		outcome, err := p.Prune(ctx)
		for record, n := range outcome.Removed {
			if n > 0 {
				log.Info("pruned", "record", string(record), "rows", n)
			}
		}
		if outcome.Checkpoint != 0 {
			log.Info("made a checkpoint", "before", time.Unix(outcome.Checkpoint, 0).UTC().Format(time.DateOnly))
		}
		if err != nil && ctx.Err() == nil {
			log.Error("pruning failed; it is tried again in an hour", "error", err)
		}
		timer.Reset(every)
	}
}
