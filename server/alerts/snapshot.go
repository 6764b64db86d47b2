package alerts

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// Measures reads the measurements for rules.
func Measures(ctx context.Context, s store.Store, rules []Rule, now time.Time) ([]Measure, error) {
	items, err := s.Items(ctx, now.Unix())
	if err != nil {
		return nil, fmt.Errorf("reading the items: %w", err)
	}
	organizations, err := s.Organizations(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the organizations: %w", err)
	}
	archived := map[string]bool{}
	for _, o := range organizations {
		archived[o.ID] = o.ArchivedAt != 0
	}
	var list []Measure
	for _, item := range items {
		if archived[item.Organization] { // archived organizations raise no alerts
			continue
		}
		list = append(list, MeasureItem(item.Item, policy.Quota(item.Item, policy.Using(item, now)), now)...)
	}
	for _, read := range []func(context.Context, store.Reader, time.Time) ([]Measure, error){refusals,
		losses, anomalies} {
		more, err := read(ctx, s, now)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	for _, rule := range rules {
		if rule.Kind != Silent {
			continue
		}
		for _, days := range rule.Levels {
			more, err := silent(ctx, s, now, days)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	return list, nil
}

const day = 24 * time.Hour

// date is the period of what alerts once a day.
func date(now time.Time) string { return now.UTC().Format(time.DateOnly) }

// MeasureItem measures an item; nothing if it is not in use.
func MeasureItem(item store.Item, quota protocol.Quota, now time.Time) (list []Measure) {
	if item.RevokedAt != 0 || item.ArchivedAt != 0 || now.Unix() < item.StartsAt ||
		now.Unix() >= policy.ValidUntil(item) {
		return nil
	}
	name := fmt.Sprintf("item %q (%s) of organization %s", item.Name, item.ID, item.Organization)
	term := fmt.Sprintf("%d/%d/%d", item.StartsAt, item.ExpiresAt, item.Quota)
	add := func(kind Kind, period string, value int64, ended bool, text string) {
		list = append(list, Measure{Kind: kind, Subject: item.ID, Organization: item.Organization, Period: period,
			Value: value, Ended: ended, Text: name + text})
	}
	if quota.Limit > 0 {
		share := percent(quota.Used, quota.Limit)
		if quota.ExceptionsAllowed == 0 {
			add(Quota, term, share, quota.State == protocol.QuotaExhausted,
				fmt.Sprintf(": %s of %s used (%d %%)", grouped(quota.Used), grouped(quota.Limit), share))
		} else {
			share = percent(quota.Exceptions, quota.ExceptionsAllowed)
			year := (now.Unix() - item.StartsAt) / int64(365*day/time.Second) // they are cleared then
			add(Exceptions, term+"/"+strconv.FormatInt(year, 10), share, false,
				fmt.Sprintf(": %s of %s allowed exceptions (%d %%)", grouped(quota.Exceptions),
					grouped(quota.ExceptionsAllowed), share))
		}
	}
	left := max((item.ExpiresAt-now.Unix())/int64(day/time.Second), 0)
	add(Expiry, strconv.FormatInt(item.ExpiresAt, 10), left, false,
		": ends on "+time.Unix(item.ExpiresAt, 0).UTC().Format("2006-01-02 15:04 UTC"))
	return list
}

// percent is how much of a whole something is, rounded down; it does not overflow.
func percent(part, whole int64) int64 {
	return int64(min(float64(part)/float64(whole)*100, 1e9))
}

// refusals measures the share of refused authorizations of each code within an hour.
func refusals(ctx context.Context, r store.Reader, now time.Time) (list []Measure, err error) {
	err = r.Query(ctx,
		`SELECT a.handshake_code, o.public_id, CAST(sum(a.granted) AS BIGINT), CAST(sum(a.refused) AS BIGINT)
		FROM authorization_outcome a JOIN handshake_code c ON c.code = a.handshake_code JOIN organization o ON o.id = c.organization
		WHERE a.at > ? GROUP BY a.handshake_code, o.public_id ORDER BY a.handshake_code`, []any{
			now.Unix() - outcomeTime,
		}, func(scan func(...any) error) error {
			m := Measure{Kind: Refused, Period: date(now)}
			var granted, refused int64
			if err := scan(&m.Subject, &m.Organization, &granted, &refused); err != nil {
				return err
			}
			all := granted + refused
			if all >= MinRequests {
				m.Value = percent(refused, all)
			}
			m.Text = fmt.Sprintf("handshake code %s: %s of %s refused within the last hour (%d %%)", m.Subject,
				grouped(refused), counted(all, "authorization"), percent(refused, max(all, 1)))
			list = append(list, m)
			return nil
		})
	if err != nil {
		err = fmt.Errorf("reading how authorizations ended: %w", err)
	}
	return list, err
}

// losses measures what devices of each organization declared lost, in all.
func losses(ctx context.Context, r store.Reader, now time.Time) (list []Measure, err error) {
	place := map[string]int{}
	err = r.Query(ctx,
		`SELECT o.public_id, l.units FROM report_loss l JOIN run r ON r.id = l.run JOIN item i ON i.id = r.item
		JOIN organization o ON o.id = i.organization WHERE l.units > 0 ORDER BY o.id`, nil,
		func(scan func(...any) error) error {
			var organization string
			var units int64
			if err := scan(&organization, &units); err != nil {
				return err
			}
			at, known := place[organization]
			if !known {
				at = len(list)
				place[organization] = at
				list = append(list, Measure{
					Kind: Loss, Subject: organization, Organization: organization, Period: date(now),
				})
			}
			// The sum must not overflow, whatever devices report.
			list[at].Value += min(units, math.MaxInt64-list[at].Value)
			return nil
		})
	for i := range list {
		list[i].Text = fmt.Sprintf("organization %s: its devices declared lost usage; in all %s so far",
			list[i].Organization, counted(list[i].Value, "unit"))
	}
	if err != nil {
		err = fmt.Errorf("reading losses: %w", err)
	}
	return list, err
}

// anomalies measures how often each kind of anomalies was seen.
func anomalies(ctx context.Context, r store.Reader, now time.Time) (list []Measure, err error) {
	err = r.Query(ctx, `SELECT a.kind, count(DISTINCT coalesce(d.merged_into, d.id)), CAST(sum(a.count) AS BIGINT)
		FROM anomaly a JOIN device d ON d.id = a.device GROUP BY a.kind ORDER BY a.kind`, nil,
		func(scan func(...any) error) error {
			m := Measure{Kind: Anomaly, Period: date(now)}
			var devices int64
			err := scan(&m.Subject, &devices, &m.Value)
			m.Text = fmt.Sprintf("anomaly %q (%s): seen %s so far, on %s", policy.AnomalyTitle(m.Subject), m.Subject,
				counted(m.Value, "time"), counted(devices, "device"))
			list = append(list, m)
			return err
		})
	if err != nil {
		err = fmt.Errorf("reading anomalies: %w", err)
	}
	return list, err
}

// silent measures how many devices of each organization were last seen so many days ago, within the
// day before that. Merged devices count as one, which was seen when any of them was.
func silent(ctx context.Context, r store.Reader, now time.Time, days int64) (list []Measure, err error) {
	until := now.Add(-time.Duration(days) * day).Unix()
	err = r.Query(ctx, `SELECT o.public_id, count(DISTINCT coalesce(d.merged_into, d.id)) FROM device d JOIN report_grant g ON g.device = d.id
		JOIN item i ON i.id = g.item JOIN organization o ON o.id = i.organization WHERE d.last_seen_at >= ? AND d.last_seen_at < ?
		AND NOT EXISTS (SELECT 1 FROM device m WHERE m.id = d.merged_into AND m.last_seen_at >= ?)
		AND NOT EXISTS (SELECT 1 FROM device m WHERE m.merged_into = coalesce(d.merged_into, d.id) AND m.last_seen_at >= ?)
		GROUP BY o.public_id ORDER BY o.public_id`,
		[]any{until - int64(day/time.Second), until, until, until}, func(scan func(...any) error) error {
			m := Measure{Kind: Silent, Period: date(now), Days: days}
			if err := scan(&m.Organization, &m.Value); err != nil {
				return err
			}
			m.Subject = m.Organization + "/" + strconv.FormatInt(days, 10)
			m.Text = fmt.Sprintf("organization %s: %s not seen for %s", m.Organization, counted(m.Value, "device"),
				counted(days, "day"))
			list = append(list, m)
			return nil
		})
	if err != nil {
		err = fmt.Errorf("reading silent devices: %w", err)
	}
	return list, err
}
