package history_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/openlts/openlts/server/store"
)

// report is a report of a history, with the names of what it is about.
type report struct {
	slot   int64
	late   bool
	names  map[store.Column]string
	counts store.Counts
}

// allReports are the reports of a history as they came; each slot of a run came once.
func allReports(t *testing.T, s store.Store) (all []report) {
	t.Helper()
	err := s.Examine(t.Context(), func(e store.Examination) error {
		items, runs := map[store.ID]store.ExaminedItem{}, map[store.ID]map[store.Column]string{}
		for item, err := range e.Items() {
			if err != nil {
				return err
			}
			items[item.Key] = item
		}
		devices := map[store.ID]string{}
		for run, err := range e.Runs() {
			if err != nil {
				return err
			}
			if devices[run.Device] == "" {
				devices[run.Device] = e.DeviceName(run.Device)
			}
			runs[run.Key] = map[store.Column]string{
				store.ByRun: run.UUID, store.ByDevice: devices[run.Device], store.ByHandshake: e.CodeName(run.Code),
				store.ByItem: items[run.Item].ID, store.ByOrganization: items[run.Item].Organization,
			}
		}
		for r, err := range e.Received() {
			if err != nil {
				return err
			}
			all = append(all, report{r.Slot, r.ReceivedAt > r.Slot+store.LateAfter, runs[r.Run], r.Counts})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// question is any question that can be asked of a history.
func question(chance *rand.Rand, all []report) (q store.StatisticsQuery) {
	some := func(list ...store.Column) (chosen []store.Column) {
		for _, column := range list {
			if chance.IntN(3) == 0 {
				chosen = append(chosen, column)
			}
		}
		return chosen
	}
	names := []store.Column{store.ByOrganization, store.ByHandshake, store.ByItem, store.ByType}
	switch chance.IntN(6) {
	case 0:
		q.Measure, q.By = store.MeasureDevices, some(names...)
	case 1:
		q.Measure, q.By = store.MeasureConcurrent, some(names[:3]...)
	case 2:
		q.By = some(append(names, store.ByDevice, store.ByDay)...)
	case 3:
		q.By = some(append(names, store.BySlot)...)
	case 4:
		q.By = some(append(names, store.ByHour)...)
	default:
		q.By = some(names...)
	}
	two := func(column store.Column) []string {
		return []string{all[chance.IntN(len(all))].names[column], all[chance.IntN(len(all))].names[column]}
	}
	filter := func(column store.Column) []string {
		if chance.IntN(4) > 0 {
			return nil
		}
		return two(column)
	}
	q.Organizations, q.HandshakeCodes, q.Items = filter(store.ByOrganization), filter(store.ByHandshake),
		filter(store.ByItem)
	if q.Measure != store.MeasureConcurrent && chance.IntN(3) == 0 {
		q.Types = []string{"QR_CODE", "PAGE_LOADED", "none"}
	}
	if chance.IntN(4) == 0 {
		q.Devices = two(store.ByDevice)
	}
	// Windows that begin at any quarter of an hour: days of a zone, and others.
	start := all[chance.IntN(len(all))].slot / 900 * 900
	if chance.IntN(4) == 0 { // months of a zone
		zone := time.FixedZone("", 900*(chance.IntN(4*26)-4*12))
		for at := time.Unix(start, 0).In(zone); len(q.Windows) < 3; at = at.AddDate(0, 1, 0) {
			month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, zone)
			q.Windows = append(q.Windows, store.Window{Start: month.Unix(), End: month.AddDate(0, 1, 0).Unix()})
			at = month
		}
		return q
	}
	length := []int64{900, 1800, 3600, 86400, 86400, 7 * 86400, 31 * 86400, 90 * 86400}[chance.IntN(8)]
	for range 1 + chance.IntN(12) {
		q.Windows = append(q.Windows, store.Window{Start: start, End: start + length})
		if start += length; chance.IntN(10) == 0 {
			start += 4500
		}
	}
	return q
}

// answer is what a question's answer is, by hand.
func answer(q *store.StatisticsQuery, all []report) map[string]store.Units {
	sums := map[string]store.Units{}
	met, atOnce := map[string]bool{}, map[string]int64{}
	any := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	count := func(window int, r *report, kind string, units int64) {
		key := fmt.Sprint(window)
		for _, by := range q.By {
			value := r.names[by]
			switch by {
			case store.ByType:
				value = kind
			case store.BySlot:
				value = fmt.Sprint(r.slot)
			case store.ByHour:
				value = fmt.Sprint(r.slot / 3600 * 3600)
			case store.ByDay:
				value = fmt.Sprint(r.slot / 86400 * 86400)
			}
			key += " " + value
		}
		row := store.Units{All: units}
		switch q.Measure {
		case store.MeasureDevices:
			once := key + " of " + r.names[store.ByDevice]
			if row.All = 1; met[once] {
				return
			}
			met[once] = true
		case store.MeasureConcurrent:
			once := fmt.Sprint(key, " at ", r.slot)
			if met[once+" of "+r.names[store.ByDevice]] {
				return
			}
			met[once+" of "+r.names[store.ByDevice]] = true
			atOnce[once]++
			sums[key] = store.Units{All: max(sums[key].All, atOnce[once])}
			return
		default:
			// Totals of devices don't tell what came late.
			if r.late && len(q.Devices) == 0 && !slices.Contains(q.By, store.ByDevice) {
				row.Late = units
			}
		}
		sums[key] = sums[key].Plus(row)
	}
	for i := range all {
		r := &all[i]
		if !any(q.Organizations, r.names[store.ByOrganization]) || !any(q.HandshakeCodes, r.names[store.ByHandshake]) ||
			!any(q.Items, r.names[store.ByItem]) || !any(q.Devices, r.names[store.ByDevice]) {
			continue
		}
		for window, w := range q.Windows {
			if r.slot < w.Start || r.slot >= w.End {
				continue
			}
			for _, c := range r.counts {
				if any(q.Types, c.Type) {
					count(window, r, c.Type, c.Units)
				}
			}
		}
	}
	return sums
}

// questionsAreAnswered holds the answers to many questions against sums made by hand.
func questionsAreAnswered(t *testing.T, s store.Store) {
	t.Helper()
	all, chance := allReports(t, s), rand.New(rand.NewPCG(1, 2))
	for range 100 {
		q := question(chance, all)
		counted, err := s.Statistics(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		want, got := answer(&q, all), map[string]store.Units{}
		last := ""
		for _, row := range counted.Rows {
			key := fmt.Sprint(row.Window)
			for _, by := range q.By {
				if text := row.Text(by); text != nil {
					key += " " + *text
				} else {
					key += fmt.Sprint(" ", *row.Number(by))
				}
			}
			if _, twice := got[key]; twice {
				t.Errorf("%+v: %s comes twice", q, key)
			}
			got[key] = store.Units{All: row.Count, Late: row.Late}
			order := fmt.Sprintf("%04d%s", row.Window, key[len(fmt.Sprint(row.Window)):])
			if order < last {
				t.Errorf("%+v: %s comes after %s", q, order, last)
			}
			last = order
		}
		for key, units := range want {
			if got[key] != units {
				t.Errorf("%+v: %s: %+v, not %+v", q, key, got[key], units)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%+v: %d rows, not %d", q, len(got), len(want))
		}
		if t.Failed() {
			return
		}
	}
}
