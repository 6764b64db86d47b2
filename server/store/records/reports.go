package records

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// DeviceReport is what is stored of a slot of a run: what the device reported of it last.
type DeviceReport struct {
	run      store.ID
	Run      string // its UUID
	Code     string
	Item     string
	Slot     int64 // its start, in seconds since 1970
	Revision int64 // the highest that was accepted
	Counts   store.Counts
	Arrivals []Arrival // the first one first; see FindArrivals
}

// Arrival is a revision of a slot as it came.
type Arrival struct {
	Revision int64
	At       int64 // in seconds since 1970
}

// ErrReports is the error of a page of reports that can't be.
var ErrReports = errors.New("there is no such page of reports")

// DeviceReports gives a page of what a device reported of the slots of a time, in the order
// of slots. Of a selection count its organizations, codes, items, limit, and After.
func DeviceReports(ctx context.Context, r store.Reader, device string, from, until int64, s Selection) (list []DeviceReport, next string, err error) {
	query := `SELECT r.id, r.uuid, c.code, i.public_id, p.slot, p.revision, p.counts FROM device d JOIN run r ON r.device = d.id
		JOIN report p ON p.run = r.id JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item
		JOIN organization o ON o.id = i.organization WHERE d.uuid = ? AND p.slot >= ? AND p.slot < ? AND p.revision > 0`
	arguments := []any{device, from, until}
	for _, filter := range []struct {
		column string
		values []string
	}{{"o.public_id", s.Organizations}, {"c.code", s.Codes}, {"i.public_id", s.Items}} {
		if len(filter.values) > 0 {
			query += " AND " + filter.column + " IN (?" + strings.Repeat(", ?", len(filter.values)-1) + ")"
			for _, value := range filter.values {
				arguments = append(arguments, value)
			}
		}
	}
	if s.After != "" {
		slot, run, found := strings.Cut(s.After, "-")
		at, err1 := strconv.ParseInt(slot, 10, 64)
		id, err2 := strconv.ParseInt(run, 10, 64)
		if !found || err1 != nil || err2 != nil {
			return nil, "", ErrReports
		}
		query += " AND (p.slot > ? OR p.slot = ? AND r.id > ?)"
		arguments = append(arguments, at, at, id)
	}
	limit := s.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	err = r.Query(ctx, query+" ORDER BY p.slot, r.id LIMIT ?", append(arguments, limit+1), func(scan func(...any) error) error {
		var report DeviceReport
		var counts []byte
		if err := scan(&report.run, &report.Run, &report.Code, &report.Item, &report.Slot, &report.Revision, &counts); err != nil {
			return err
		}
		var err error
		report.Counts, err = store.ParseBinaryCounts(counts)
		list = append(list, report)
		return err
	})
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	list = list[:limit]
	last := list[limit-1]
	return list, strconv.FormatInt(last.Slot, 10) + "-" + strconv.FormatInt(int64(last.run), 10), nil
}

// How far reports come from the time they are about: devices report for 30 days, and the
// clocks of servers may differ.
const (
	arrivalDays  = 31 * 24 * 60 * 60
	arrivalSlack = 60 * 60
)

// FindArrivals adds when the reports came, as long as these are kept. What came is kept in the
// order in which it came, so it is gone through from the first of their slots on, which is
// found by halving, until all came: that is a matter of the same day, mostly, and reports cost
// no further index. complete is false if more than most rows would have to be read.
func FindArrivals(ctx context.Context, r store.Reader, list []DeviceReport, most int64) (complete bool, err error) {
	if len(list) == 0 {
		return true, nil
	}
	search := arrivalSearch{list: list, place: map[slotOfRun]int{}, missing: len(list)}
	for i, report := range list {
		search.place[slotOfRun{report.run, report.Slot}] = i
		if !slices.Contains(search.runs, report.run) {
			search.runs = append(search.runs, report.run)
		}
	}
	first, err := firstReceived(ctx, r, list[0].Slot-arrivalSlack)
	if err != nil {
		return false, err
	}
	last, err := firstReceived(ctx, r, list[len(list)-1].Slot+arrivalDays)
	for read := int64(0); err == nil && search.missing > 0 && first < last; {
		if read += arrivalStep; read > most {
			return false, nil
		}
		err = search.read(ctx, r, first, min(first+arrivalStep, last))
		first += arrivalStep
	}
	return err == nil, err
}

type slotOfRun struct {
	run  store.ID
	slot int64
}

// arrivalSearch looks for when reports came.
type arrivalSearch struct {
	list    []DeviceReport
	place   map[slotOfRun]int
	runs    []store.ID
	missing int // of how many the highest revision was not found; lower ones came before
}

// arrivalStep is how many rows are read at a time.
const arrivalStep = 50_000

// read reads rows from one id on and before another.
func (s *arrivalSearch) read(ctx context.Context, r store.Reader, from, until int64) error {
	query := "SELECT run, received_at, newest, reports FROM raw_report WHERE id >= ? AND id < ? AND newest >= ? AND run IN (?" +
		strings.Repeat(", ?", len(s.runs)-1) + ") ORDER BY id"
	arguments := []any{from, until, s.list[0].Slot}
	for _, run := range s.runs {
		arguments = append(arguments, int64(run))
	}
	return r.Query(ctx, query, arguments, func(scan func(...any) error) error {
		var run store.ID
		var rows store.ReceivedReports
		if err := scan(&run, &rows.ReceivedAt, &rows.Newest, &rows.Data); err != nil {
			return err
		}
		return rows.Unpack(func(report store.ReceivedReport) error {
			i, asked := s.place[slotOfRun{run, report.Slot}]
			if !asked || report.Lost != "" {
				return nil
			}
			s.list[i].Arrivals = append(s.list[i].Arrivals, Arrival{report.Revision, report.ReceivedAt})
			if report.Revision == s.list[i].Revision {
				s.missing--
			}
			return nil
		})
	})
}

// firstReceived is the id of the first row that came at a moment or later; one more than all
// if none did.
func firstReceived(ctx context.Context, r store.Reader, at int64) (id int64, err error) {
	var low, high int64
	one := func(query string, arguments []any, to ...any) error {
		return r.Query(ctx, query, arguments, func(scan func(...any) error) error { return scan(to...) })
	}
	if err := one("SELECT coalesce((SELECT min(id) FROM raw_report), 1), coalesce((SELECT max(id) FROM raw_report), 0) + 1", nil, &low, &high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var found, received int64
		if err := one("SELECT id, received_at FROM raw_report WHERE id >= ? ORDER BY id LIMIT 1", []any{middle}, &found, &received); err != nil {
			return 0, err
		}
		if received < at {
			low = found + 1
		} else {
			high = middle
		}
	}
	return low, nil
}
