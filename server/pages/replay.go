package pages

import (
	"net/url"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
)

// replayPages say what the past usage of an item would have meant with other terms.
var replayPages = []page{{
	path: "/items/{id}/replay", name: "replay", title: "Under other terms", nav: "/items", role: administration.Editor,
	get: showReplay,
}}

// maxReplayDays is how far a replay on a page goes; the command goes further.
const maxReplayDays = 366

type replayShown struct {
	Item       administration.Item
	ChargeWays []option
	Way        string // that is asked about
	From       string // days
	Until      string
	Quota      string
	Mistakes   []*administration.Error
	Replayed   *administration.Replayed
	Rows       []replayRow
}

// replayRow is one result with the item's terms and with others.
type replayRow struct {
	Title, Own, Other string
	Differs           bool
}

func showReplay(r *request) (any, error) {
	item, err := r.admin.Item(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	month := statistics.StartOfDay(r.admin.Now().In(r.zone))
	month = statistics.AddDate(month, 0, 0, 1-month.Day())
	shown := replayShown{
		Item: item, Way: item.ChargeWay, From: q.Get("from"), Until: q.Get("until"), Quota: q.Get("quota"),
	}
	if q.Get("chargeWay") != "" {
		shown.Way = q.Get("chargeWay")
	}
	shown.ChargeWays = (&view{r: r}).wayOptions(shown.Way)
	if !q.Has("from") { // last month, to begin with
		shown.From, shown.Until = statistics.AddDate(month, 0, -1, 0).Format(time.DateOnly),
			statistics.AddDate(month, 0, 0, -1).Format(time.DateOnly)
		shown.Quota = (&view{r: r}).QuotaValue(item.Quota.Limit)
		return shown, nil
	}
	in, err := r.replayInput(q, shown.Way)
	if err == nil {
		replayed, failed := r.admin.Replay(r.Context(), item.ID, in)
		if err = failed; err == nil {
			shown.Replayed, shown.Rows = &replayed, r.replayRows(&replayed)
		}
	}
	if shown.Mistakes = administration.Errors(err); err != nil && len(shown.Mistakes) == 0 {
		return nil, err
	}
	if len(shown.Mistakes) > 0 {
		r.mistakes, r.status = shown.Mistakes, statusOf(shown.Mistakes[0].Kind)
	}
	return shown, nil
}

func (r *request) replayInput(q url.Values, way string) (in administration.ReplayInput, err error) {
	if err := r.ParseForm(); err != nil {
		return in, mistake("", "this address can't be read")
	}
	in = administration.ReplayInput{ChargeWay: way, From: r.day(q.Get("from"), 0), Until: r.day(q.Get("until"), 1)}
	if in.From == 0 {
		return in, mistake("from", "this is not a date such as 2027-01-31")
	}
	if in.Until == 0 {
		return in, mistake("until", "this is not a date such as 2027-01-31")
	}
	if in.Until-in.From > maxReplayDays*24*60*60 {
		return in, mistake("until", "a replay on this page covers a year at most; lts policy replay covers more")
	}
	in.Until = min(in.Until, max(r.admin.Now().Unix(), in.From+1))
	quota, err := parseQuota(q.Get("quota"))
	if err != nil {
		return in, err
	}
	in.Quota = &quota
	stated, err := r.chargeTerms()
	if err == nil && stated != nil {
		in.ChargeTerms = *stated
	}
	return in, err
}

func (r *request) replayRows(c *administration.Replayed) []replayRow {
	v := &view{r: r}
	moment := func(unix int64) string {
		if unix == 0 {
			return "–"
		}
		return v.At(unix).Text
	}
	exceptions := func(allowed, used int64) string {
		if allowed <= 0 {
			return "–"
		}
		return v.T("%s of %s", grouped(used), grouped(allowed))
	}
	units := func(way string, lost int64) string {
		if !administration.CountsUnits(way) { // without units there are no such rows
			return "–"
		}
		return grouped(lost)
	}
	own, other := &c.Own, &c.Other
	rows := []replayRow{
		{Title: "What is counted", Own: v.Way(c.OwnTerms.ChargeWay), Other: v.Way(c.OtherTerms.ChargeWay)},
		{Title: "Quota", Own: v.Quota(c.OwnTerms.Quota), Other: v.Quota(c.OtherTerms.Quota)},
		{Title: "Used at the end", Own: grouped(own.Quota.Used), Other: grouped(other.Quota.Used)},
		{Title: "Highest use", Own: grouped(own.Peak), Other: grouped(other.Peak)},
		{
			Title: "Exceptions", Own: exceptions(own.Quota.ExceptionsAllowed, own.Quota.Exceptions),
			Other: exceptions(other.Quota.ExceptionsAllowed, other.Quota.Exceptions),
		},
		{Title: "Authorizations", Own: grouped(own.Asked), Other: grouped(other.Asked)},
		{Title: "Of these beyond the quota", Own: grouped(own.Beyond), Other: grouped(other.Beyond)},
		{Title: "Of these refused", Own: grouped(own.Refused), Other: grouped(other.Refused)},
		{Title: "Devices refused", Own: grouped(own.RefusedDevices), Other: grouped(other.RefusedDevices)},
		{Title: "Refused first", Own: moment(own.FirstRefusal), Other: moment(other.FirstRefusal)},
		{Title: "Units not counted", Own: units(c.OwnTerms.ChargeWay, own.LostUnits),
			Other: units(c.OtherTerms.ChargeWay, other.LostUnits)},
	}
	for i := range rows {
		rows[i].Title = v.T(rows[i].Title)
		rows[i].Differs = strings.TrimSpace(rows[i].Own) != strings.TrimSpace(rows[i].Other)
	}
	return rows
}
