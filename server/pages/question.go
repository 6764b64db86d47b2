package pages

import (
	"cmp"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// questionPages answer where a figure of the statistics comes from: which devices counted it, and
// in which of their reports.
var questionPages = []page{
	{
		path: "/statistics/devices", name: "statistics-devices", title: "Who counted it", nav: "/statistics",
		role: administration.Viewer,
		get:  countingDevices,
	},
	{
		path: "/statistics/reports", name: "statistics-reports", title: "Reports behind it", nav: "/statistics",
		role: administration.Viewer,
		get:  countedReports,
	},
}

// Limits of what these pages show.
const (
	maxCountingDevices = 200
	maxCountedReports  = 200 // on a page
)

// questioned is the figure in question.
type questioned struct {
	Filter     filter
	Device     string
	Start, End time.Time
	Zone       string
	Total      int64
	Late       int64 // units that arrived more than a day after they happened
	More       int   // rows that are not shown
}

// question reads from the address which figure is in question.
func (r *request) question() (questioned, error) {
	q := r.URL.Query()
	asked := questioned{
		Filter: filter{Code: q.Get("handshake"), Item: q.Get("item"), Organization: q.Get("org")},
		Device: q.Get("device"),
	}
	for _, kind := range q["type"] {
		if kind != "" {
			asked.Filter.Types = append(asked.Filter.Types, kind)
		}
	}
	if name := q.Get("tz"); name != "" && name != "Local" {
		zone, err := time.LoadLocation(name)
		if err != nil {
			return asked, mistake("tz", "this is not a time zone, such as Europe/Berlin or UTC")
		}
		r.zone = zone
	}
	asked.Zone = r.zone.String()
	for name, to := range map[string]*time.Time{"start": &asked.Start, "end": &asked.End} {
		seconds, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil || seconds < 0 || seconds > 1<<40 {
			return asked, mistake(name, "this page is reached from a figure of the statistics")
		}
		*to = time.Unix(seconds, 0).In(r.zone)
	}
	return asked, nil
}

// ask counts what is asked about.
func (q *questioned) ask(r *request, per statistics.Per, by ...statistics.By) (*statistics.Result, error) {
	result, err := r.admin.Statistics(r.Context(), statistics.Query{
		Per: per, By: by, From: q.Start, Until: q.End, Zone: r.zone, Types: q.Filter.Types,
		Organizations: one(q.Filter.Organization), Codes: one(q.Filter.Code), Items: one(q.Filter.Item),
		Devices: one(q.Device),
	})
	if err == nil {
		q.Total, q.Late = result.Total, result.Late
	}
	return result, err
}

// Span is the period in question, as a text.
func (q questioned) Span() string {
	last := q.End.Add(-time.Second)
	if q.Start.Format(time.DateOnly) == last.Format(time.DateOnly) && q.End.Sub(q.Start) > 20*time.Hour {
		return q.Start.Format(time.DateOnly)
	}
	return q.Start.Format("2006-01-02 15:04") + " – " + q.End.Format("2006-01-02 15:04")
}

// questionLink asks where a figure comes from.
func questionLink(f filter, zone string, start, end time.Time) template.URL {
	q := url.Values{
		"start": {strconv.FormatInt(start.Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)}, "tz": {zone},
	}
	for name, value := range map[string]string{"handshake": f.Code, "item": f.Item, "org": f.Organization} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(f.Types) > 0 {
		q["type"] = f.Types
	}
	return template.URL(q.Encode()) //nolint:gosec // all of it is escaped
}

// Question leads from a row of the statistics to the devices behind it; "" if its figure
// is not one of operations.
func (s *statisticsShown) Question(row statisticsRow) template.URL {
	if s.Filter.Measure != "" && s.Filter.Measure != store.MeasureOperations || row.Total == 0 {
		return ""
	}
	return questionLink(s.Filter, s.Zone, row.Window.Start, row.Window.End)
}

// devicesShown are the devices that counted something.
type devicesShown struct {
	questioned
	Devices []countingDevice
}

type countingDevice struct {
	UUID, Name  string
	Units, Late int64
}

// Link leads to the reports of a device.
func (s devicesShown) Link(device string) template.URL {
	more := template.URL("&device=" + url.QueryEscape(device)) //nolint:gosec // all of it is escaped
	return questionLink(s.Filter, s.Zone, s.Start, s.End) + more
}

func countingDevices(r *request) (any, error) {
	asked, err := r.question()
	if err != nil {
		return nil, err
	}
	asked.Device = ""
	result, err := asked.ask(r, statistics.PerPeriod, statistics.ByDevice)
	if err != nil {
		return nil, err
	}
	shown := devicesShown{questioned: asked}
	for _, row := range result.Rows {
		shown.Devices = append(shown.Devices, countingDevice{UUID: row.Group.Device, Units: row.Count, Late: row.Late})
	}
	slices.SortFunc(shown.Devices, func(a, b countingDevice) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.UUID, b.UUID))
	})
	if shown.More = len(shown.Devices) - maxCountingDevices; shown.More > 0 {
		shown.Devices = shown.Devices[:maxCountingDevices]
	}
	uuids := make([]string, len(shown.Devices))
	for i, device := range shown.Devices {
		uuids[i] = device.UUID
	}
	if len(uuids) == 0 {
		return shown, nil
	}
	known, err := r.admin.Devices(r.Context(), administration.Selection{Devices: uuids, Limit: maxCountingDevices})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, device := range known.Items {
		names[device.UUID] = device.FriendlyName
	}
	for i := range shown.Devices {
		shown.Devices[i].Name = names[shown.Devices[i].UUID]
	}
	return shown, nil
}

// reportsShown are the reports of a device behind a figure.
type reportsShown struct {
	questioned
	Name     string
	Reports  []countedReport
	Next     string
	Complete bool // all arrivals were found
}

// Back leads to all devices behind the figure.
func (s reportsShown) Back() template.URL { return questionLink(s.Filter, s.Zone, s.Start, s.End) }

// countedReport is what the server accepted for one slot of a run.
type countedReport struct {
	administration.DeviceReport
	Types []named
}

func countedReports(r *request) (any, error) {
	asked, err := r.question()
	if err != nil {
		return nil, err
	}
	device, err := r.admin.Device(r.Context(), asked.Device)
	if err != nil {
		return nil, err
	}
	shown := reportsShown{questioned: asked, Name: device.FriendlyName}
	if _, err := shown.ask(r, statistics.PerPeriod); err != nil {
		return nil, err
	}
	found, err := r.admin.DeviceReports(r.Context(), asked.Device, administration.Selection{
		Organizations: one(asked.Filter.Organization), Codes: one(asked.Filter.Code), Items: one(asked.Filter.Item),
		Kinds: asked.Filter.Types, Since: asked.Start.Unix(), Until: asked.End.Unix(), Limit: maxCountedReports,
		After: r.URL.Query().Get("after"),
	})
	if err != nil {
		return nil, err
	}
	shown.Next, shown.Complete = found.Next, found.Complete
	for _, report := range found.Items {
		row := countedReport{DeviceReport: report}
		for _, kind := range slices.Sorted(maps.Keys(report.Counts)) {
			row.Types = append(row.Types, named{Name: kind, Units: grouped(report.Counts[kind])})
		}
		shown.Reports = append(shown.Reports, row)
	}
	return shown, nil
}
