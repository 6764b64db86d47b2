package alerts

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// rulesName is the name under which the rules are stored among the settings.
const rulesName = "alert-rules"

// MaxEvents is how many events the history keeps.
const MaxEvents = 10_000

// Rules gives the rules in force: the defaults, and what was changed of them.
func Rules(ctx context.Context, r store.Reader) ([]Rule, error) {
	changed := map[Kind][]int64{}
	err := records.Setting(ctx, r, rulesName, &changed)
	rules := Defaults()
	for i := range rules {
		if levels, ok := changed[rules[i].Kind]; ok {
			rules[i].Levels = levels
		}
	}
	return rules, err
}

// SetRule changes a rule.
func SetRule(ctx context.Context, tx store.Tx, rule Rule) error {
	changed := map[Kind][]int64{}
	if err := records.Setting(ctx, tx, rulesName, &changed); err != nil {
		return err
	}
	changed[rule.Kind] = rule.Levels
	return records.SetSetting(ctx, tx, rulesName, changed)
}

// States gives the states of all alerts.
func States(ctx context.Context, r store.Reader) (map[Key]State, error) {
	states := map[Key]State{}
	return states, r.Query(ctx, "SELECT kind, subject, level, period, value, since FROM alert_state", nil,
		func(scan func(...any) error) error {
			var s State
			err := scan(&s.Kind, &s.Subject, &s.Level, &s.Period, &s.Value, &s.Since)
			states[s.Key] = s
			return err
		})
}

// keepStates stores states; before is what was stored.
func keepStates(ctx context.Context, tx store.Tx, before, states map[Key]State) error {
	for key := range before {
		if _, stays := states[key]; !stays {
			if _, err := tx.Exec(ctx, "DELETE FROM alert_state WHERE kind = ? AND subject = ?", string(key.Kind),
				key.Subject); err != nil {
				return err
			}
		}
	}
	for key, s := range states {
		if was, known := before[key]; known && was == s {
			continue
		}
		_, err := tx.Exec(ctx,
			`INSERT INTO alert_state (kind, subject, level, period, value, since) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, subject) DO UPDATE SET level = excluded.level, period = excluded.period, value = excluded.value, since = excluded.since`,
			string(s.Kind), s.Subject, s.Level, s.Period, s.Value, s.Since)
		if err != nil {
			return err
		}
	}
	return nil
}

// AddEvents adds to the history, and deletes the oldest events beyond MaxEvents.
func AddEvents(ctx context.Context, tx store.Tx, events []Event) error {
	for _, e := range events {
		_, err := tx.Exec(ctx, `INSERT INTO alert_event (at, kind, subject, organization, level, value, recovered, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			e.At, string(e.Kind), e.Subject, e.Organization, e.Level, e.Value, bit(e.Recovered), e.Text)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM alert_event WHERE id <= (SELECT max(id) FROM alert_event) - ?", MaxEvents)
	return err
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const eventColumns = "SELECT id, at, kind, subject, organization, level, value, recovered, text FROM alert_event"

func readEvents(ctx context.Context, r store.Reader, condition string, arguments ...any) (events []Event, err error) {
	err = r.Query(ctx, eventColumns+condition, arguments, func(scan func(...any) error) error {
		var e Event
		var recovered int64
		err := scan(&e.ID, &e.At, &e.Kind, &e.Subject, &e.Organization, &e.Level, &e.Value, &recovered, &e.Text)
		e.Recovered = recovered != 0
		events = append(events, e)
		return err
	})
	return events, err
}

// History gives the events before one, the newest first; before 0: the newest.
func History(ctx context.Context, r store.Reader, before int64, limit int) ([]Event, error) {
	if before <= 0 {
		return readEvents(ctx, r, " ORDER BY id DESC LIMIT ?", limit)
	}
	return readEvents(ctx, r, " WHERE id < ? ORDER BY id DESC LIMIT ?", before, limit)
}

// lastEvent is the newest event; 0: there is none.
func lastEvent(ctx context.Context, r store.Reader) (id int64, err error) {
	return id, r.Query(ctx, "SELECT coalesce(max(id), 0) FROM alert_event", nil, func(scan func(...any) error) error {
		return scan(&id)
	})
}

// TakeLease gives a holder the lease until a moment, and returns whether the holder has it.
func TakeLease(ctx context.Context, tx store.Tx, name, holder string, now, until int64) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO lease (name, holder, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE lease.holder = excluded.holder OR lease.until <= ?`,
		name, holder, until, now)
	return n > 0, err
}

// outcomeStep is how many seconds of outcomes are one row, and outcomeTime how long they are
// needed: six rows are the last hour.
const (
	outcomeStep = 600
	outcomeTime = 3600
)

// AddOutcomes adds how authorizations under codes ended. Codes that don't exist are left
// out.
func AddOutcomes(ctx context.Context, tx store.Tx, now int64, results map[string]outcome.Result) error {
	for code, result := range results {
		_, err := tx.Exec(ctx, `INSERT INTO authorization_outcome (handshake_code, at, granted, refused)
			SELECT code, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT) FROM handshake_code WHERE code = ?
			ON CONFLICT (handshake_code, at) DO UPDATE SET granted = authorization_outcome.granted + excluded.granted,
			refused = authorization_outcome.refused + excluded.refused`, now-now%outcomeStep, result.Granted,
			result.Refused, code)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM authorization_outcome WHERE at < ?", now-2*outcomeTime)
	return err
}

// Ringing is an alert that is not over, with its text.
type Ringing struct {
	State
	Organization string // the id of whose it is; "": nobody's in particular
	Text         string
}

// Open gives the alerts that are not over, the newest first: so many at most; 0: all.
func Open(ctx context.Context, r store.Reader, most int) (open []Ringing, err error) {
	if most <= 0 {
		most = math.MaxInt32
	}
	err = r.Query(ctx, `SELECT s.kind, s.subject, s.level, s.period, s.value, s.since, coalesce(e.organization, ''), coalesce(e.text, '')
		FROM (SELECT * FROM alert_state WHERE since <> 0 ORDER BY since DESC, kind, subject LIMIT ?) s
		LEFT JOIN alert_event e ON e.id = (SELECT max(l.id) FROM alert_event l WHERE l.kind = s.kind AND l.subject = s.subject)`,
		[]any{most}, func(scan func(...any) error) error {
			var a Ringing
			err := scan(&a.Kind, &a.Subject, &a.Level, &a.Period, &a.Value, &a.Since, &a.Organization, &a.Text)
			open = append(open, a)
			return err
		})
	slices.SortFunc(open, func(a, b Ringing) int {
		return cmp.Or(cmp.Compare(b.Since, a.Since), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return open, err
}

// CountOpen counts the alerts that are not over by kind.
func CountOpen(ctx context.Context, r store.Reader) (map[Kind]int64, error) {
	counts := map[Kind]int64{}
	return counts, r.Query(ctx, `SELECT kind, count(*) FROM alert_state WHERE since <> 0 GROUP BY kind`, nil,
		func(scan func(...any) error) error {
			var kind Kind
			var n int64
			err := scan(&kind, &n)
			counts[kind] = n
			return err
		})
}
