package alerts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/store"
)

// A receiver gets at most MaxADay messages a day; the rest goes into the first message of the next
// day. A message that can't be sent is tried maxAttempts times, within two days.
const (
	MaxADay      = 24
	maxAttempts  = 12
	firstBackoff = 2 * time.Minute
	mostBackoff  = 6 * time.Hour
	maxFailure   = 500 // characters of an error that are stored
	maxBatch     = 1000
	// maxFailures is how many receivers of a channel may fail in a step. Each may take as long as an
	// attempt may; the others' turn is in the next step, before that of the failed ones.
	maxFailures = 3
)

// Deliver sends what receivers have not got yet.
func (w *Watch) Deliver(ctx context.Context) error {
	channels, err := Channels(ctx, w.Store)
	if err != nil {
		return err
	}
	for _, channel := range channels {
		slices.SortStableFunc(channel.Deliveries,
			func(a, b Delivery) int { return cmp.Compare(a.Attempts, b.Attempts) })
		failed := 0
		for _, d := range channel.Deliveries {
			if failed == maxFailures {
				break
			}
			// A receiver that hangs must not make another server send the other messages, too.
			var mine bool
			err := w.Store.Update(ctx, func(tx store.Tx) (err error) {
				now := w.Now()
				mine, err = TakeLease(ctx, tx, leaseName, w.Holder, now.Unix(), now.Add(leaseTime).Unix())
				return err
			})
			if err != nil || !mine {
				return err
			}
			arrived, err := w.deliver(ctx, channel, d)
			if err != nil {
				return fmt.Errorf("alerts to channel %s: %w", channel.ID, err)
			}
			if !arrived {
				failed++
			}
		}
	}
	return nil
}

// deliver sends the next message to a receiver, if there is one and it is time. It returns whether
// that went well.
func (w *Watch) deliver(ctx context.Context, c Channel, d Delivery) (bool, error) {
	now := w.Now()
	if now.Unix() < d.NextAt {
		return true, nil
	}
	if today := now.Unix() / int64(day/time.Second); d.Day != today {
		d.Day, d.Sent = today, 0
	}
	if d.Batch == 0 && d.Sent >= MaxADay {
		return true, nil
	}
	until := d.Batch
	if until == 0 {
		var err error
		if until, err = lastEvent(ctx, w.Store); err != nil {
			return false, err
		}
	}
	events, err := readEvents(ctx, w.Store, " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", d.Delivered,
		until, maxBatch)
	if err != nil || len(events) == 0 {
		return true, err
	}
	if d.Batch == 0 {
		d.Attempts = 0
	}
	// A retried message must be the same one, because receivers recognize it by its id.
	d.Batch = events[len(events)-1].ID
	message := Message{
		ID: "msg_" + c.ID + "_" + strconv.FormatInt(d.Batch, 10), At: now, Events: events, From: w.address(ctx),
	}
	sent := w.Sender.Send(ctx, c.Target, d.Receiver, message)
	if sent != nil && ctx.Err() != nil {
		return false, ctx.Err() // the server ends; another server sends it
	}
	d.Attempts++
	switch {
	case sent == nil:
		d.Delivered, d.Batch, d.Attempts, d.NextAt, d.Failure = d.Batch, 0, 0, 0, ""
		d.Sent++
	case d.Attempts >= maxAttempts:
		w.Log.Error("an alert could not be sent, and is given up; it stays in the history", "channel", c.ID, "receiver",
			d.Receiver, "attempts", d.Attempts, "error", sent)
		d.Delivered, d.Batch, d.Attempts, d.NextAt, d.Failure = d.Batch, 0, 0, 0, failure(sent)
	default:
		wait := min(firstBackoff<<(d.Attempts-1), mostBackoff)
		w.Log.Warn("an alert could not be sent; it is tried again", "channel", c.ID, "receiver", d.Receiver, "attempt",
			d.Attempts, "in", wait.String(), "error", sent)
		d.NextAt, d.Failure = now.Add(wait).Unix(), failure(sent)
	}
	return sent == nil, w.Store.Update(context.WithoutCancel(ctx),
		func(tx store.Tx) error { return keepDelivery(ctx, tx, c.ID, d) })
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
