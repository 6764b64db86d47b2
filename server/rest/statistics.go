package rest

import (
	"io"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// maxFilters is how many objects of each kind the filters of statistics may name.
const maxFilters = 100

// contentTypeCSV is the content type of tables for spreadsheets.
const contentTypeCSV = "text/csv; charset=utf-8"

func wrong(field, text string) error {
	return &administration.Error{Kind: administration.Invalid, Field: field, Text: text}
}

// showStatistics answers what was counted, as JSON or as a table.
func showStatistics(r *request) (answer, error) {
	parameters := r.URL.Query()
	q := statistics.Query{
		Measure: store.Measure(parameters.Get("measure")), Organizations: parameters["organization"],
		Codes: parameters["handshake"], Items: parameters["item"], Types: parameters["type"],
		Devices: parameters["device"], Accumulated: parameters.Get("accumulated") == "true",
		Compare: parameters.Get("compare") == "true",
	}
	for _, list := range [][]string{q.Organizations, q.Codes, q.Items, q.Types, q.Devices} {
		if len(list) > maxFilters {
			return answer{}, wrong("", "at most "+strconv.Itoa(maxFilters)+" values of a filter can be named")
		}
	}
	var err error
	if q.By, q.Per, err = statistics.ParseBys(parameters.Get("by")); err != nil {
		return answer{}, wrong("by", err.Error())
	}
	switch parameters.Get("slots") {
	case "", "windows":
	case "own":
		q.OwnSlots()
	default:
		return answer{}, wrong("slots", "slots are windows of 3 minutes, or the devices' own")
	}
	zone := parameters.Get("zone")
	if zone == "" {
		settings, err := r.admin.Settings(r.Context())
		if err != nil {
			return answer{}, err
		}
		q.Zone = settings.Location()
	} else if q.Zone, err = time.LoadLocation(zone); err != nil || zone == "Local" {
		return answer{}, wrong("zone", "this is not a time zone, such as Europe/Berlin or UTC")
	}
	for name, to := range map[string]*time.Time{"since": &q.From, "until": &q.Until} {
		if text := parameters.Get(name); text != "" {
			if *to, err = moment(text, q.Zone); err != nil {
				return answer{}, wrong(name, name+" is a day such as 2026-11-03, of the zone, or seconds since 1970")
			}
		}
	}
	result, err := r.admin.Statistics(r.Context(), q)
	if err != nil {
		return answer{}, err
	}
	switch parameters.Get("format") {
	case "", "json":
		return answer{value: result}, nil
	case "csv":
		return answer{file: &file{contentTypeCSV, func(w io.Writer) error { return result.WriteCSV(w, q) }}}, nil
	}
	return answer{}, wrong("format", "format is json or csv")
}

// showDeviceReports answers which reports of a device are behind a figure.
func showDeviceReports(r *request) (answer, error) {
	s, err := r.selection()
	if err != nil {
		return answer{}, err
	}
	s.Kinds = r.URL.Query()["type"]
	for _, list := range [][]string{s.Organizations, s.Codes, s.Items, s.Kinds} {
		if len(list) > maxFilters {
			return answer{}, wrong("", "at most "+strconv.Itoa(maxFilters)+" values of a filter can be named")
		}
	}
	found, err := r.admin.DeviceReports(r.Context(), r.PathValue("uuid"), s)
	return answer{value: found}, err
}

// moment reads a day of a zone, or seconds since 1970.
func moment(text string, zone *time.Location) (time.Time, error) {
	if day, err := statistics.ParseDay(text, zone); err == nil {
		return day, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (seconds < 0 || seconds > 1<<40) {
		err = strconv.ErrRange
	}
	return time.Unix(seconds, 0), err
}
