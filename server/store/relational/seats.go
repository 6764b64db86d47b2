package relational

import (
	"fmt"
)

// foldedAfter is the number of seconds before the moment of an item's sum in which nothing is
// folded: exceptions are cleared every 365 days of the item, and later ones are computed from its
// steps.
const foldedAfter = 365 * 24 * 60 * 60

// seats continues from item to item, and folds the oldest steps of its seats into one, which tells
// how many seats there were after them. It deletes seats that ended by then, except the newest of
// each device, which tells that the device had one. The position is the next item.
func (p pruning) seats() (removed, next int64, err error) {
	var item int64
	if err := get(p, p, `SELECT coalesce(min(item), 0) FROM seat_step WHERE item >= ?`, []any{p.position},
		&item); err != nil || item == 0 {
		return 0, 0, err
	}
	var at, folded, to, change int64
	err = get(p, p, `SELECT u.at, coalesce(f.before, 0) FROM `+p.dialect.Uses+
		` u LEFT JOIN seat_fold f ON f.item = u.item WHERE u.item = ?`,
		[]any{item}, &at, &folded)
	if err != nil {
		return 0, 0, fmt.Errorf("the seats of item %d: %w", item, err)
	}
	err = get(p, p, `SELECT coalesce(max(at), 0), coalesce(CAST(sum(change) AS bigint), 0)
		FROM (SELECT at, change FROM seat_step WHERE item = ? AND at <= ? ORDER BY at LIMIT ?) oldest`,
		[]any{item, min(p.before, at-foldedAfter), prunedRows}, &to, &change)
	if err != nil {
		return 0, 0, err
	}
	if to <= folded {
		return 0, item + 1, nil
	}
	removed, err = p.Sweep(p, `DELETE FROM seat WHERE item = ? AND until > ? AND until <= ?
		AND since < (SELECT max(since) FROM seat newest WHERE newest.device = seat.device AND newest.item = seat.item)`,
		item, folded, to)
	if err != nil {
		return 0, 0, err
	}
	if _, err := p.Sweep(p, `DELETE FROM seat_step WHERE item = ? AND at <= ?`, item, to); err != nil {
		return 0, 0, err
	}
	if change != 0 {
		if _, err := p.Sweep(p, `INSERT INTO seat_step (item, at, change) VALUES (?, ?, ?)`, item, to,
			change); err != nil {
			return 0, 0, err
		}
	}
	_, err = p.Sweep(p,
		`INSERT INTO seat_fold (item, before) VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET before = excluded.before`,
		item, to)
	return removed, item, err
}

// tokens deletes expired tokens.
func (p pruning) tokens() (removed, next int64, err error) {
	return p.spanned("api_token", prunedRows,
		`DELETE FROM api_token WHERE id > ? AND id <= ? AND expires_at > 0 AND expires_at < ?`)
}
