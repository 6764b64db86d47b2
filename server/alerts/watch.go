package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/store"
)

// Watch evaluates the rules regularly, and sends the alerts. Every server on a database has one; a
// lease decides which of them works.
type Watch struct {
	Store  store.Store
	Now    func() time.Time
	Sender Sender
	Log    *slog.Logger
	// Holder identifies this server in the lease.
	Holder string
	// Outcomes, if set, is what this server counted.
	Outcomes *outcome.Counter
	// Address gives the public address of the server, for messages; nil: none.
	Address func(context.Context) string

	evaluated time.Time
}

// How often the rules are evaluated, how often a watch checks for work, and how long a lease lasts:
// longer than that, and longer than sending all messages.
const (
	Every     = 10 * time.Minute
	tick      = time.Minute
	leaseTime = 5 * time.Minute
)

const leaseName = "alerts"

// Run watches until ctx ends. It logs failures and tries again.
func (w *Watch) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.Step(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("alerts failed; they are tried again in a minute", "error", err)
		}
	}
}

// Step does what is due now.
func (w *Watch) Step(ctx context.Context) error {
	now := w.Now()
	var results map[string]outcome.Result
	if w.Outcomes != nil {
		results = w.Outcomes.Drain()
	}
	var mine bool
	err := w.Store.Update(ctx, func(tx store.Tx) (err error) {
		if mine, err = TakeLease(ctx, tx, leaseName, w.Holder, now.Unix(), now.Add(leaseTime).Unix()); err != nil {
			return err
		}
		return AddOutcomes(ctx, tx, now.Unix(), results)
	})
	if err != nil {
		return fmt.Errorf("noting how authorizations ended: %w", err)
	}
	if !mine {
		return nil
	}
	if now.Sub(w.evaluated) >= Every || now.Before(w.evaluated) {
		if err := w.Evaluate(ctx); err != nil {
			return fmt.Errorf("evaluating the rules: %w", err)
		}
		w.evaluated = now
	}
	return w.Deliver(ctx)
}

// Evaluate evaluates the rules once, and adds the resulting events to the history.
func (w *Watch) Evaluate(ctx context.Context) error {
	now := w.Now()
	rules, err := Rules(ctx, w.Store)
	if err != nil {
		return err
	}
	measures, err := Measures(ctx, w.Store, rules, now)
	if err != nil {
		return err
	}
	var events []Event
	err = w.Store.Update(ctx, func(tx store.Tx) error {
		states, err := States(ctx, tx)
		if err != nil {
			return err
		}
		before := maps.Clone(states)
		if events = Advance(states, rules, measures, now.Unix()); len(events) > 0 {
			if err := AddEvents(ctx, tx, events); err != nil {
				return err
			}
		}
		return keepStates(ctx, tx, before, states)
	})
	if err != nil {
		return err
	}
	for _, e := range events {
		w.Log.Warn("alert", "kind", string(e.Kind), "subject", e.Subject, "level", e.Kind.Write(e.Level), "recovered",
			e.Recovered, "text", e.Text)
	}
	return nil
}
