package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
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

// A channel gets at most MaxADay messages a day; the rest goes into the first message of the next
// day. A message that can't be sent is tried maxAttempts times, within two days.
const (
	MaxADay      = 24
	maxAttempts  = 12
	firstBackoff = 2 * time.Minute
	mostBackoff  = 6 * time.Hour
	maxFailure   = 500 // characters of an error that are stored
	maxBatch     = 1000
)

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

// Deliver sends what channels have not received yet.
func (w *Watch) Deliver(ctx context.Context) error {
	channels, err := Channels(ctx, w.Store)
	if err != nil {
		return err
	}
	for _, channel := range channels {
		// A channel that hangs must not make another server send the other messages, too.
		var mine bool
		err := w.Store.Update(ctx, func(tx store.Tx) (err error) {
			now := w.Now()
			mine, err = TakeLease(ctx, tx, leaseName, w.Holder, now.Unix(), now.Add(leaseTime).Unix())
			return err
		})
		if err != nil || !mine {
			return err
		}
		if err := w.deliver(ctx, channel); err != nil {
			return fmt.Errorf("alerts to channel %s: %w", channel.ID, err)
		}
	}
	return nil
}

// deliver sends the next message of a channel, if there is one and it is time.
func (w *Watch) deliver(ctx context.Context, c Channel) error {
	now := w.Now()
	if now.Unix() < c.NextAt {
		return nil
	}
	if today := now.Unix() / int64(day/time.Second); c.Day != today {
		c.Day, c.Sent = today, 0
	}
	if c.Batch == 0 && c.Sent >= MaxADay {
		return nil
	}
	until := c.Batch
	if until == 0 {
		var err error
		if until, err = lastEvent(ctx, w.Store); err != nil {
			return err
		}
	}
	events, err := readEvents(ctx, w.Store, " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", c.Delivered,
		until, maxBatch)
	if err != nil || len(events) == 0 {
		return err
	}
	if c.Batch == 0 {
		c.Attempts = 0
	}
	// A retried message must be the same one, because receivers recognize it by its id.
	c.Batch = events[len(events)-1].ID
	message := Message{
		ID: "msg_" + c.ID + "_" + strconv.FormatInt(c.Batch, 10), At: now, Events: events, From: w.address(ctx),
	}
	err = w.Sender.Send(ctx, c.Target, message)
	if ctx.Err() != nil {
		return ctx.Err() // the server ends; another server sends it
	}
	c.Attempts++
	switch {
	case err == nil:
		c.Delivered, c.Batch, c.Attempts, c.NextAt, c.Failure = c.Batch, 0, 0, 0, ""
		c.Sent++
	case c.Attempts >= maxAttempts:
		w.Log.Error("an alert could not be sent, and is given up; it stays in the history", "channel", c.ID, "attempts",
			c.Attempts, "error", err)
		c.Delivered, c.Batch, c.Attempts, c.NextAt, c.Failure = c.Batch, 0, 0, 0, failure(err)
	default:
		wait := min(firstBackoff<<(c.Attempts-1), mostBackoff)
		w.Log.Warn("an alert could not be sent; it is tried again", "channel", c.ID, "attempt", c.Attempts, "in",
			wait.String(), "error", err)
		c.NextAt, c.Failure = now.Add(wait).Unix(), failure(err)
	}
	return w.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error { return keepProgress(ctx, tx, c) })
}

func (w *Watch) address(ctx context.Context) string {
	if w.Address == nil {
		return ""
	}
	return w.Address(ctx)
}

// failure is an error as a text that can be stored and shown.
func failure(err error) string {
	text := []rune(err.Error())
	return string(text[:min(len(text), maxFailure)])
}
