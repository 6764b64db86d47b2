package sqlite

import (
	"database/sql"
	"math"

	"github.com/openlts/openlts/server/store"
)

// seatEdges are the moments at which seats begin and end, with their weights.
const seatEdges = `SELECT item, since AS at, weight AS change FROM seat UNION ALL SELECT item, until, -weight FROM seat
	UNION ALL SELECT item, since, 1 FROM app_domain`

// seats looks at what is remembered of seats: the steps of each item, the sum of its
// seats at the moment it holds for, and the exceptions before. A device has one seat
// at a moment.
func (v *verifier) seats() error {
	for _, step := range []func() error{v.overlaps, v.steps, v.sums, v.exceptions} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) overlaps() error {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT d.uuid, i.public_id, s.since, s.before FROM (
			SELECT device, item, since, lag(until) OVER (PARTITION BY device, item ORDER BY since) AS before FROM seat) s
		JOIN device d ON d.id = s.device JOIN item i ON i.id = s.item WHERE s.before > s.since LIMIT ?`, maxDifferences)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var device, item string
		var since, before int64
		err := rows.Scan(&device, &item, &since, &before)
		v.compare("seats", since, before, "item %s, device %s: a seat begins before the one before it ends", item, device)
		return err
	})
}

func (v *verifier) steps() error {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT i.public_id, e.at, e.stored, e.recomputed FROM (
			SELECT item, at, sum(stored) AS stored, sum(recomputed) AS recomputed FROM (
				SELECT item, at, change AS stored, 0 AS recomputed FROM seat_step UNION ALL SELECT item, at, 0, change FROM (`+seatEdges+`))
			GROUP BY item, at HAVING sum(stored) <> sum(recomputed) LIMIT ?) e JOIN item i ON i.id = e.item`, maxDifferences)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var item string
		var at, stored, recomputed int64
		err := rows.Scan(&item, &at, &stored, &recomputed)
		v.compare("seats", stored, recomputed, "item %s: how many begin less how many end at %d", item, at)
		return err
	})
}

func (v *verifier) sums() error {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT i.public_id, i.seats_at, i.seats, coalesce(sum(e.change), 0)
		FROM item i LEFT JOIN (`+seatEdges+`) e ON e.item = i.id AND e.at <= i.seats_at GROUP BY i.id`)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var item string
		var at, stored, recomputed int64
		err := rows.Scan(&item, &at, &stored, &recomputed)
		v.compare("seats", stored, recomputed, "item %s: how many there are at %d", item, at)
		return err
	})
}

// exceptions counts those of each item in the slots since they were cleared the last
// time, from one edge of a seat to the next.
func (v *verifier) exceptions() error {
	count := exceptionCount{}
	rows, err := v.tx.QueryContext(v.ctx, `SELECT `+itemColumns+`, i.seats_at, i.exceptions, coalesce(e.at, 0), coalesce(e.change, 0)
		FROM item i JOIN organization o ON o.id = i.organization LEFT JOIN (
			SELECT item, at, sum(change) AS change FROM (`+seatEdges+`) GROUP BY item, at) e ON e.item = i.id AND e.at <= i.seats_at
		WHERE i.seats_at > 0 ORDER BY i.id, e.at`)
	if err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var lists itemLists
		next := exceptionCount{}
		var at, change int64
		if err := rows.Scan(append(itemFields(&next.item, &lists), &next.end, &next.stored, &at, &change)...); err != nil {
			return err
		}
		if next.item.Key != count.item.Key {
			count.finish(v)
			count = next
		}
		count.pass(at)
		count.active += change
		return nil
	})
	count.finish(v)
	return err
}

// exceptionCount is the count of the exceptions of one item, as far as it got.
type exceptionCount struct {
	item               store.Item
	end, stored        int64
	at, active, counts int64
}

func (c *exceptionCount) pass(to int64) {
	length := int64(c.item.Slot())
	const year = 365 * 24 * 60 * 60
	begin := c.item.StartsAt - c.item.StartsAt%length
	for begin+year <= c.end {
		begin += year
	}
	if slots := (to - max(c.at, begin)) / length; slots > 0 && c.active > c.item.Quota {
		if more := c.active - c.item.Quota; more > math.MaxInt64/slots {
			c.counts = math.MaxInt64
		} else {
			c.counts = saturatingSum(c.counts, slots*more)
		}
	}
	c.at = to
}

func (c *exceptionCount) finish(v *verifier) {
	if c.item.Key == 0 {
		return
	}
	c.pass(c.end)
	if !c.item.ChargeWay.CountsExceptions() || c.item.Quota < 0 {
		c.counts = 0
	}
	v.compare("exceptions", c.stored, c.counts, "item %s, before %d", c.item.ID, c.end)
}
