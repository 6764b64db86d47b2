// Package statistics answers questions about usage: how much, grouped by what, and when, in days
// and months of a time zone. Pages, files and the command all use it, so that they show the same.
package statistics

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/store"
)

// Per is how long a window of time is.
type Per string

// Lengths of windows. Hours, days and months are those of the time zone.
const (
	PerPeriod Per = "" // one window: all of the period
	PerSlot   Per = "slot"
	PerHour   Per = "hour"
	PerDay    Per = "day"
	PerMonth  Per = "month"
)

// By is what rows are grouped by, in addition to windows.
type By string

// What rows can be grouped by.
const (
	// BySlot groups by the slots themselves, of any length, by their starts, without windows: only
	// slots in which something was counted. For operations only.
	BySlot         By = "slot"
	ByOrganization By = "organization"
	ByCode         By = "handshake"
	ByItem         By = "item"
	ByType         By = "type"
	ByDevice       By = "device"
	ByReport       By = "report" // its run, by UUID: with windows of one slot, single reports
	ByStatus       By = "status" // of denials: the code of the refusal
	// ByKind groups by the part of a product: barcode, or core, webcam, pdf-rasterizer and ocr for
	// page products; empty for other types.
	ByKind By = "kind"
	// ByImport groups by how pages were imported: scanned, captured or loaded; empty for others.
	ByImport By = "import"
)

// Bys are all of them.
var Bys = []By{BySlot, ByOrganization, ByCode, ByItem, ByType, ByDevice, ByReport, ByStatus, ByKind, ByImport}

// columns are the store's, by the names here.
var columns = map[By]store.Column{
	BySlot: store.BySlot, ByOrganization: store.ByOrganization, ByCode: store.ByHandshake, ByItem: store.ByItem,
	ByType: store.ByType, ByDevice: store.ByDevice, ByReport: store.ByRun, ByStatus: store.ByStatus,
	ByKind: store.ByType, ByImport: store.ByType,
}

// Query is a question about usage.
type Query struct {
	Measure store.Measure // "": operations
	Per     Per
	By      []By
	// From and Until limit the period; it includes From and excludes Until. Zero means no limit:
	// then windows begin with the first, or end with the last, in which something was counted.
	From, Until time.Time
	Zone        *time.Location // nil: UTC
	// Spans are further periods, which may overlap, for numbers of devices: these do not follow
	// from those of windows. Zero: no limit. They are not compared.
	Spans []Span
	// Filters: only what belongs to one of these; none: everything.
	Organizations, Codes, Items, Types, Devices []string
	// Accumulated makes each window show the sum up to its end; for operations and denials.
	Accumulated bool
	// Compare adds the counts of the previous period of the same length: as many months, days,
	// hours or slots.
	Compare bool
}

// Span is a period, half open.
type Span struct{ From, Until time.Time }

// SlotSeconds is the length of windows of one slot: that of all clients whose host did not choose
// another.
const SlotSeconds = 180

// maxWindows is how many windows a period may have: about 30 days of slots.
const maxWindows = 15_000

// RangeError is the error of a question with too many answers.
type RangeError struct {
	Per     Per
	Windows int64 // roughly how many there would be
}

func (e *RangeError) Error() string {
	return fmt.Sprintf(
		"the period has about %d windows of one %s, more than %d; choose longer windows or a shorter period",
		e.Windows, e.Per, maxWindows)
}

// QueryError is the error of an invalid question.
type QueryError string

func (e QueryError) Error() string { return string(e) }

func (q *Query) zone() *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

func (q *Query) check() error {
	if !slices.Contains([]Per{PerPeriod, PerSlot, PerHour, PerDay, PerMonth}, q.Per) {
		return QueryError(
			fmt.Sprintf("there are no windows of one %.40q; choose from slot, hour, day, month", string(q.Per)))
	}
	for i, by := range q.By {
		if columns[by] == "" {
			return QueryError(fmt.Sprintf("nothing is grouped by %.40q; choose from %s", string(by), names(Bys)))
		}
		if slices.Contains(q.By[:i], by) {
			return QueryError(fmt.Sprintf("%q is named twice", string(by)))
		}
	}
	if !q.From.IsZero() && !q.Until.IsZero() && !q.From.Before(q.Until) {
		return QueryError("the period ends before it begins")
	}
	if q.From.Unix() < 0 && !q.From.IsZero() {
		return QueryError("the period begins before 1970")
	}
	if q.Accumulated && (q.Measure == store.MeasureDevices || q.Measure == store.MeasureConcurrent) {
		return QueryError("numbers of devices can't be accumulated: the same devices come again")
	}
	if len(q.Spans) > 0 && q.Measure != store.MeasureDevices && q.Measure != store.MeasureConcurrent {
		return QueryError("further periods are of numbers of devices")
	}
	if q.derived() && q.Measure != "" && q.Measure != store.MeasureOperations {
		return QueryError("only operations are of a kind or import type")
	}
	if !slices.Contains([]store.Measure{"", store.MeasureOperations, store.MeasureDevices, store.MeasureConcurrent,
		store.MeasureDenials}, q.Measure) {
		return QueryError(fmt.Sprintf("%.40q can't be counted; choose from operations, devices, concurrent, denials",
			string(q.Measure)))
	}
	if err := q.checkMeasure(); err != nil {
		return err
	}
	if q.Accumulated && q.Per == PerPeriod {
		return QueryError("what is accumulated needs windows: slot, hour, day or month")
	}
	if q.Compare && (q.From.IsZero() || q.Until.IsZero()) {
		return QueryError("a comparison needs a period with a beginning and an end")
	}
	return nil
}

// checkMeasure says what a measure can't be grouped or filtered by.
func (q *Query) checkMeasure() error {
	grouped := func(bys ...By) By {
		for _, by := range bys {
			if slices.Contains(q.By, by) {
				return by
			}
		}
		return ""
	}
	switch q.Measure {
	case store.MeasureDenials:
		if by := grouped(BySlot, ByItem, ByType, ByDevice, ByReport); by != "" ||
			len(q.Items)+len(q.Types)+len(q.Devices) > 0 {
			return QueryError(
				"denials are counted by organization, handshake code and status, not by slot, item, type or device")
		}
		return nil
	case store.MeasureConcurrent:
		if by := grouped(BySlot, ByType, ByDevice, ByReport); by != "" || len(q.Types) > 0 {
			return QueryError("devices at work at once are counted by organization, handshake code and item, not by " +
				"slot, type or device")
		}
	}
	if q.Measure == store.MeasureDevices && grouped(BySlot) != "" {
		return QueryError("devices are counted in windows, not by slot")
	}
	if grouped(ByStatus) != "" {
		return QueryError("only denials have a status")
	}
	return nil
}

func names[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, name := range all {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

// OwnSlots uses the slots of the devices, of any length, instead of windows of one slot, if the
// measure allows it.
func (q *Query) OwnSlots() {
	if q.Per == PerSlot && (q.Measure == "" || q.Measure == store.MeasureOperations) && !q.Compare && !q.Accumulated {
		q.By, q.Per = append([]By{BySlot}, q.By...), PerPeriod
	}
}

// ParseBys reads a comma-separated list of what to group by; "" means nothing. The list may contain
// the length of windows.
func ParseBys(list string) (bys []By, per Per, err error) {
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
		case approximately[Per(name)] != 0:
			if per != PerPeriod {
				return nil, "", QueryError(fmt.Sprintf("there are windows of one %s or one %s, not both", per, name))
			}
			per = Per(name)
		case columns[By(name)] == "":
			return nil, "", QueryError(fmt.Sprintf(
				"nothing is grouped by %.40q; choose from slot, hour, day, month, %s", name, names(Bys[1:])))
		case slices.Contains(bys, By(name)):
			return nil, "", QueryError(fmt.Sprintf("%q is named twice", name))
		default:
			bys = append(bys, By(name))
		}
	}
	return bys, per, nil
}
