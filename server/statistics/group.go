package statistics

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Group is what a row counts: a value for each By of the query. It has none of others, nor
// where there is none: of a type without a kind, of a refusal whose code nobody knows.
type Group struct {
	Slot         int64  `json:"slot,omitempty"` // its start, in seconds since 1970
	Organization string `json:"organization,omitempty"`
	Code         string `json:"handshake,omitempty"`
	Item         string `json:"item,omitempty"`
	Type         string `json:"type,omitempty"`
	Device       string `json:"device,omitempty"`
	Report       string `json:"report,omitempty"` // its run, by UUID
	Status       int64  `json:"status,omitempty"`
	Kind         string `json:"kind,omitempty"`
	Import       string `json:"import,omitempty"`
}

// group is that of a row of the store. Kind and import follow from the type.
func (q *Query) group(of *store.Group) Group {
	g := Group{
		Slot: of.Slot, Organization: of.Organization, Code: of.Handshake, Item: of.Item, Device: of.Device,
		Report: of.Run, Status: of.Status,
	}
	for _, by := range q.By {
		switch by {
		case ByType:
			g.Type = of.Type
		case ByKind:
			g.Kind = protocol.KindOf(of.Type)
		case ByImport:
			g.Import = protocol.ImportTypeOf(of.Type)
		}
	}
	return g
}

// Text is a value as a text.
func (g *Group) Text(by By) string {
	switch by {
	case BySlot:
		return strconv.FormatInt(g.Slot, 10)
	case ByOrganization:
		return g.Organization
	case ByCode:
		return g.Code
	case ByItem:
		return g.Item
	case ByType:
		return g.Type
	case ByDevice:
		return g.Device
	case ByReport:
		return g.Report
	case ByStatus:
		return strconv.FormatInt(g.Status, 10)
	case ByKind:
		return g.Kind
	case ByImport:
		return g.Import
	}
	return ""
}

func (g *Group) compare(other *Group, bys []By) int {
	for _, by := range bys {
		var order int
		switch by {
		case BySlot:
			order = cmp.Compare(g.Slot, other.Slot)
		case ByStatus:
			order = cmp.Compare(g.Status, other.Status)
		default:
			order = cmp.Compare(g.Text(by), other.Text(by))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// place is where a row is: its window and group.
type place struct {
	window int
	group  Group
}

func (r *Row) place() place { return place{r.Window, r.Group} }

// sort puts rows in the order of windows and groups.
func (q *Query) sort(rows []Row) {
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Window, b.Window), a.Group.compare(&b.Group, q.By))
	})
}

// derived tells whether something is grouped by what follows from a type: then many rows of
// the store become one.
func (q *Query) derived() bool {
	return slices.Contains(q.By, ByKind) || slices.Contains(q.By, ByImport)
}

// rows are those of the store, by what the query groups by.
func (q *Query) rows(counted []store.StatisticsRow) []Row {
	rows, known := make([]Row, 0, len(counted)), map[place]int{}
	for i := range counted {
		from := &counted[i]
		row := Row{Window: from.Window, Group: q.group(&from.Group), Count: from.Count, Late: from.Late}
		if !q.derived() {
			rows = append(rows, row)
			continue
		}
		at, met := known[row.place()]
		if !met {
			known[row.place()] = len(rows)
			rows = append(rows, row)
			continue
		}
		rows[at].Count = store.SaturatingSum(rows[at].Count, row.Count)
		rows[at].Late = store.SaturatingSum(rows[at].Late, row.Late)
	}
	if q.derived() {
		q.sort(rows)
	}
	return rows
}
