package records

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// DeviceReport is the stored report of a slot of a run: the last one that the device sent.
type DeviceReport struct {
	run      store.ID
	Device   string // UUID: its own, or that of one that is shown as it
	Run      string // its UUID
	Code     string
	Item     string
	Slot     int64 // its start, in seconds since 1970
	Revision int64 // the highest that was accepted
	Counts   store.Counts
	Arrivals []Arrival // the first one first; see FindArrivals
}

// Arrival is a revision of a slot, as it came.
type Arrival struct {
	Revision int64 `json:"revision"`
	At       int64 `json:"at"` // in seconds since 1970
}

// ErrReports is the error for a page of reports that does not exist.
var ErrReports = errors.New("there is no such page of reports")

// DeviceReports returns a page of the reports of a device for the slots of a time, in the order of
// slots, including the reports of devices that are shown as it. It uses only the organizations,
// codes, items, moments, limit and After of a selection.
func DeviceReports(ctx context.Context, r store.Reader, device string,
	s Selection) (list []DeviceReport, next string, err error) {
	query := `SELECT r.id, d.uuid, r.uuid, c.code, i.public_id, p.slot, p.revision, p.counts FROM (SELECT id, uuid FROM device WHERE uuid = ?
		UNION ALL SELECT d.id, d.uuid FROM device m JOIN device d ON d.merged_into = m.id WHERE m.uuid = ?) d JOIN run r ON r.device = d.id
		JOIN report p ON p.run = r.id JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item
		JOIN organization o ON o.id = i.organization WHERE p.slot >= ? AND p.slot < ? AND p.revision > 0`
	until := s.Until
	if until == 0 {
		until = store.EndOfTime
	}
	arguments := []any{device, device, s.Since, until}
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
	err = r.Query(ctx, query+" ORDER BY p.slot, r.id LIMIT ?", append(arguments, limit+1),
		func(scan func(...any) error) error {
			var report DeviceReport
			var counts []byte
			if err := scan(&report.run, &report.Device, &report.Run, &report.Code, &report.Item, &report.Slot,
				&report.Revision, &counts); err != nil {
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

// FindArrivals adds when the reports came, as long as these are kept. Which rows are about
// them is kept beside what came; those that came lately are gone through. complete is false
// if more than most rows came so lately.
func FindArrivals(ctx context.Context, r store.Reader, list []DeviceReport, most int64) (complete bool, err error) {
	if len(list) == 0 {
		return true, nil
	}
	search := arrivalSearch{list: list, place: map[slotOfRun]int{}, days: map[slotOfRun]bool{}}
	for i, report := range list {
		search.place[slotOfRun{report.run, report.Slot}] = i
		search.days[slotOfRun{report.run, store.LevelDay.Start(report.Slot)}] = true
		if !slices.Contains(search.runs, report.run) {
			search.runs = append(search.runs, report.run)
		}
	}
	// Rows that are folded during this search are found twice, but count once.
	var folded, last int64
	err = r.Query(ctx,
		"SELECT coalesce((SELECT upto FROM activity_fold), 0), coalesce((SELECT max(id) FROM raw_report), 0)", nil,
		func(scan func(...any) error) error { return scan(&folded, &last) })
	if err == nil {
		err = search.readFolded(ctx, r, folded)
	}
	for read := int64(0); err == nil && folded < last; {
		if read += arrivalStep; read > most {
			return false, nil
		}
		err = search.read(ctx, r, "id > ? AND id <= ? AND newest >= ? AND "+search.amongRuns(),
			folded, min(folded+arrivalStep, last), list[0].Slot)
		folded += arrivalStep
	}
	return err == nil, err
}

type slotOfRun struct {
	run  store.ID
	slot int64
}

// arrivalSearch searches the moments at which reports came.
type arrivalSearch struct {
	list  []DeviceReport
	place map[slotOfRun]int
	days  map[slotOfRun]bool // of which the slots are
	runs  []store.ID
}

const (
	// arrivalStep is the number of recent rows that are read at a time.
	arrivalStep = 50_000
	// arrivalRows is the number of other rows that are read at a time.
	arrivalRows = 500
)

// amongRuns returns the condition that a row belongs to one of the runs.
func (s *arrivalSearch) amongRuns() string { return "run IN (" + numbers(s.runs) + ")" }

// numbers writes keys down for SQL.
func numbers[N ~int64](keys []N) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = strconv.FormatInt(int64(key), 10)
	}
	return strings.Join(texts, ", ")
}

// readFolded reads the rows up to an id that contain revisions of the reports.
func (s *arrivalSearch) readFolded(ctx context.Context, r store.Reader, folded int64) error {
	var rows []int64
	first, last := store.LevelDay.Start(s.list[0].Slot), s.list[len(s.list)-1].Slot
	err := r.Query(ctx, "SELECT run, day, rows FROM arrival WHERE day >= ? AND day <= ? AND "+s.amongRuns(), []any{
		first, last,
	}, func(scan func(...any) error) error {
		var at slotOfRun
		var data []byte
		if err := scan(&at.run, &at.slot, &data); err != nil || !s.days[at] {
			return err
		}
		arrivals, err := store.ParseArrivals(data)
		for _, row := range arrivals {
			if row <= folded {
				rows = append(rows, row)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(rows)
	for some := range slices.Chunk(slices.Compact(rows), arrivalRows) {
		if err := s.read(ctx, r, "id IN ("+numbers(some)+")"); err != nil {
			return err
		}
	}
	return nil
}

// read reads rows of reports that came.
func (s *arrivalSearch) read(ctx context.Context, r store.Reader, where string, arguments ...any) error {
	return r.Query(ctx, "SELECT run, received_at, newest, reports FROM raw_report WHERE "+where+" ORDER BY id",
		arguments, func(scan func(...any) error) error {
			var run store.ID
			var rows store.ReceivedReports
			if err := scan(&run, &rows.ReceivedAt, &rows.Newest, &rows.Data); err != nil {
				return err
			}
			return rows.Unpack(func(report store.ReceivedReport) error {
				if i, asked := s.place[slotOfRun{run, report.Slot}]; asked && report.Lost == "" {
					s.list[i].Arrivals = append(s.list[i].Arrivals, Arrival{report.Revision, report.ReceivedAt})
				}
				return nil
			})
		})
}
