package alerts

import (
	"context"
	"time"

	"github.com/openlts/openlts/server/store"
)

// Channel is a channel for alerts.
type Channel struct {
	ID        string
	Name      string
	Target    Target
	CreatedAt int64
	Begins    int64 // it gets the events after this one
	// Deliveries are those to the receivers of the target, in their order. Each receiver has its
	// own, so that one who gets nothing holds up nobody else, and nobody gets a message twice because
	// another one did not get it.
	Deliveries []Delivery
}

// Delivery is how far a receiver of a channel came.
type Delivery struct {
	Receiver  string // one of Target.Receivers
	Delivered int64  // all events up to this one are delivered, or given up
	Batch     int64  // the last event of the message that will be sent again; 0: there is none
	Attempts  int64  // of this message
	NextAt    int64  // when it will be sent again
	Failure   string // the error of the last attempt; "": it succeeded
	Day       int64  // the day of the messages counted in Sent, in days since 1970
	Sent      int64
}

// Channels lists the channels, the first one first.
func Channels(ctx context.Context, r store.Reader) (channels []Channel, err error) {
	type receiver struct{ channel, address string }
	known := map[receiver]Delivery{}
	err = r.Query(ctx, `SELECT c.public_id, d.receiver, d.delivered, d.batch, d.attempts, d.next_at, d.failure, d.day, d.sent
		FROM alert_delivery d JOIN alert_channel c ON c.id = d.channel`, nil, func(scan func(...any) error) error {
		var channel string
		var d Delivery
		err := scan(&channel, &d.Receiver, &d.Delivered, &d.Batch, &d.Attempts, &d.NextAt, &d.Failure, &d.Day, &d.Sent)
		known[receiver{channel, d.Receiver}] = d
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.Query(ctx, "SELECT public_id, name, target, created_at, begins FROM alert_channel ORDER BY id", nil,
		func(scan func(...any) error) error {
			var c Channel
			var target string
			if err := scan(&c.ID, &c.Name, &target, &c.CreatedAt, &c.Begins); err != nil {
				return err
			}
			if err := c.Target.parse(target, &c.Target); err != nil {
				return err
			}
			for _, address := range c.Target.Receivers() {
				d, ok := known[receiver{c.ID, address}]
				if !ok {
					d = Delivery{Receiver: address, Delivered: c.Begins}
				}
				c.Deliveries = append(c.Deliveries, d)
			}
			channels = append(channels, c)
			return nil
		})
	return channels, err
}

// AddChannel adds a channel. It gets the events from now on.
func AddChannel(ctx context.Context, tx store.Tx, c Channel) error {
	last, err := lastEvent(ctx, tx)
	if err != nil {
		return err
	}
	target, err := c.Target.text()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx,
		"INSERT INTO alert_channel (public_id, name, target, created_at, begins) VALUES (?, ?, ?, ?, ?)",
		c.ID, c.Name, target, c.CreatedAt, last)
	return err
}

// ChangeChannel changes the name and the target of a channel, as Channels gave it. Receivers who are
// new get the events from now on; what could not be sent to the others is tried again at once.
func ChangeChannel(ctx context.Context, tx store.Tx, c Channel, name string, target Target) error {
	last, err := lastEvent(ctx, tx)
	if err != nil {
		return err
	}
	text, err := target.text()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE alert_channel SET name = ?, target = ? WHERE public_id = ?", name, text,
		c.ID); err != nil {
		return err
	}
	if err := forgetDeliveries(ctx, tx, c.ID); err != nil {
		return err
	}
	for _, receiver := range target.Receivers() {
		kept := Delivery{Receiver: receiver, Delivered: last}
		for _, before := range c.Deliveries {
			if before.Receiver == receiver {
				kept = before
				kept.Attempts, kept.NextAt = 0, 0
			}
		}
		if err := keepDelivery(ctx, tx, c.ID, kept); err != nil {
			return err
		}
	}
	return nil
}

// RemoveChannel removes a channel; store.ErrNotFound.
func RemoveChannel(ctx context.Context, tx store.Tx, id string) error {
	if err := forgetDeliveries(ctx, tx, id); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "DELETE FROM alert_channel WHERE public_id = ?", id)
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return err
}

func forgetDeliveries(ctx context.Context, tx store.Tx, channel string) error {
	_, err := tx.Exec(ctx,
		"DELETE FROM alert_delivery WHERE channel = (SELECT id FROM alert_channel WHERE public_id = ?)", channel)
	return err
}

// keepDelivery stores a delivery of a channel, unless the channel is gone.
func keepDelivery(ctx context.Context, tx store.Tx, channel string, d Delivery) error {
	_, err := tx.Exec(ctx, `INSERT INTO alert_delivery (channel, receiver, delivered, batch, attempts, next_at, failure, day, sent)
		SELECT id, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT)
		FROM alert_channel WHERE public_id = ?
		ON CONFLICT (channel, receiver) DO UPDATE SET delivered = excluded.delivered, batch = excluded.batch, attempts = excluded.attempts,
		next_at = excluded.next_at, failure = excluded.failure, day = excluded.day, sent = excluded.sent`,
		d.Receiver, d.Delivered, d.Batch, d.Attempts, d.NextAt, d.Failure, d.Day, d.Sent, channel)
	return err
}

// Tests of a channel: so many at once, and one more after each pause. They go out to strangers in
// the operator's name, and a mail server counts wrong passwords.
const (
	TestsAtOnce = 5
	TestPause   = 2 * time.Minute
)

// TakeTest uses up one of the tests of a channel, whoever sends it on whichever server. It returns
// how long to wait if none is left; store.ErrNotFound.
func TakeTest(ctx context.Context, tx store.Tx, id string, now time.Time) (wait time.Duration, err error) {
	const pause = int64(TestPause / time.Second)
	found, until := false, int64(0)
	err = tx.Query(ctx, "SELECT tests_until FROM alert_channel WHERE public_id = ?", []any{id},
		func(scan func(...any) error) error {
			found = true
			return scan(&until)
		})
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, store.ErrNotFound
	}
	// Each test is paid for by a pause. A clock that was set back must not close the channel for long.
	until = min(max(until, now.Unix()), now.Unix()+TestsAtOnce*pause)
	if ahead := until + pause - now.Unix(); ahead > TestsAtOnce*pause {
		return time.Duration(ahead-TestsAtOnce*pause) * time.Second, nil
	}
	_, err = tx.Exec(ctx, "UPDATE alert_channel SET tests_until = ? WHERE public_id = ?", until+pause, id)
	return 0, err
}
