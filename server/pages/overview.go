package pages

import (
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var overviewPages = []page{{
	path: "/", name: "overview", title: "Overview", nav: "/", role: administration.Viewer,
	get:     showOverview,
	actions: map[string]action{"begin": {administration.Editor, quickStart}},
}}

// comparison is a figure and that of the previous period.
type comparison struct {
	Title       string
	Now, Before int64
}

// Change is how much the figure differs from the previous one, in percent; "" if there was none.
func (c comparison) Change() string { return change(c.Now, c.Before) }

// Up tells whether the figure is higher than before.
func (c comparison) Up() bool { return c.Now > c.Before }

type overviewShown struct {
	Begin       bool // there are no data yet
	Next        string
	NextCode    string
	Figures     []comparison
	Trend       *trend
	Ringing     []administration.OpenAlert // for those who may see all organizations
	MoreRinging int                        // which are not shown
	Near        []administration.Item      // used most, or ending soon
	Denials     administration.Page[store.Denial]
	Refused     int64 // within a day
	Anomalies   administration.Page[records.Anomaly]
	// Devices are how many there are, heard of within a day, and not heard of for a week.
	Devices records.DeviceCounts
}

// maxNear is how many items near their end the overview shows.
const maxNear = 5

// maxRinging is how many alerts the overview shows.
const maxRinging = 5

// How long ago an active device was heard of, and how long a device may be silent.
const (
	activeTime = 24 * time.Hour
	silentTime = 7 * 24 * time.Hour
)

func showOverview(r *request) (any, error) {
	ctx := r.Context()
	now := r.admin.Now().In(r.zone)
	var shown overviewShown
	items, err := r.admin.Items(ctx, administration.Selection{Limit: 1})
	if err != nil {
		return nil, err
	}
	codes, err := r.admin.Codes(ctx, administration.Selection{Limit: 1})
	if err != nil {
		return nil, err
	}
	if shown.Devices, err = r.admin.CountDevices(ctx, now.Add(-activeTime), now.Add(-silentTime)); err != nil {
		return nil, err
	}
	shown.Begin = len(items.Items) == 0 && len(codes.Items) == 0
	if len(codes.Items) > 0 {
		shown.NextCode = codes.Items[0].Code
	}
	if shown.Figures, err = r.figures(now); err != nil {
		return nil, err
	}
	if shown.Trend, err = r.lastDays(filter{}, 30); err != nil {
		return nil, err
	}
	if r.who().Organization == "" {
		if shown.Ringing, shown.MoreRinging, err = r.admin.NewestAlerts(ctx, maxRinging); err != nil {
			return nil, err
		}
	}
	if shown.Near, err = r.admin.NearItems(ctx, maxNear); err != nil {
		return nil, err
	}
	if shown.Denials, err = r.admin.Denials(ctx,
		administration.Selection{Since: now.Add(-24 * time.Hour).Unix(), Limit: 5}); err != nil {
		return nil, err
	}
	shown.Anomalies, err = r.admin.Anomalies(ctx, administration.Selection{
		Since: now.Add(-7 * 24 * time.Hour).Unix(), Limit: 5,
	})
	return shown, err
}

// figures compare today, this month and the last 30 days, each with the period of the same length
// before.
func (r *request) figures(now time.Time) ([]comparison, error) {
	today := statistics.StartOfDay(now)
	month := statistics.AddDate(today, 0, 0, 1-today.Day())
	monthBefore := statistics.AddDate(month, 0, -1, 0)
	sameBefore := monthBefore.Add(now.Sub(month))
	if sameBefore.After(month) {
		sameBefore = month
	}
	spans := []struct {
		title                     string
		from, to, before, before2 time.Time
	}{
		{"Today", today, now, statistics.AddDate(today, 0, 0, -1), now.AddDate(0, 0, -1)},
		{"This month", month, now, monthBefore, sameBefore},
		// The days of the chart below, and of the statistics: today is the last.
		{"Last 30 days", statistics.AddDate(today, 0, 0, -29), now, statistics.AddDate(today, 0, 0, -59),
			now.AddDate(0, 0, -30)},
	}
	var list []comparison
	for _, span := range spans {
		c := comparison{Title: span.title}
		for _, part := range []struct {
			to        *int64
			from, end time.Time
		}{{&c.Now, span.from, span.to}, {&c.Before, span.before, span.before2}} {
			if !part.end.After(part.from) { // the first instant of a day or month
				continue
			}
			counted, err := r.period(filter{}, part.from, part.end)
			if err != nil {
				return nil, err
			}
			*part.to = counted.total(-1)
		}
		list = append(list, c)
	}
	return list, nil
}

// quickStart makes an organization, a code and an item from one form.
func quickStart(r *request) (string, error) {
	ctx, form := r.Context(), r.PostForm
	quota, err := parseQuota(form.Get("quota"))
	if err != nil {
		return "", err
	}
	way := form.Get("chargeWay")
	if _, err := administration.ParseChargeWay(way); err != nil {
		return "", err
	}
	organization, err := r.admin.NewOrganization(ctx, administration.OrganizationInput{Name: form.Get("name")})
	if err != nil {
		return "", err
	}
	code, err := r.admin.NewCode(ctx, administration.CodeInput{Organization: organization.ID, Custom: "reader"})
	if err != nil {
		return "", err
	}
	name := form.Get("name") + ", " + way
	if len(name) > 200 {
		name = way
	}
	_, err = r.admin.NewItem(ctx, administration.ItemInput{
		Organization: organization.ID, ChargeWay: way, Handshakes: []string{code.Code},
		ItemFields: administration.ItemFields{Name: &name, Quota: &quota},
	})
	return "codes/" + segment(code.Code) + "/key", err
}
