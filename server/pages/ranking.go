package pages

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// maxRanked is how many a ranking shows; the others are summed up.
const maxRanked = 10

// ranking says who used most, which is what most readers of statistics want to know.
type ranking struct {
	Title  string
	Rows   []ranked
	Others int // that are not shown
	Rest   int64
}

// ranked is one of a ranking.
type ranked struct {
	ID, Name  string
	Parameter string // the query parameter that shows only this one
	Units     int64
	Share     string // of all
	Width     float64
}

// rank finds out which organizations, and which codes or items, used most, if several are shown
// together.
func (s *statisticsShown) rank(r *request) error {
	if !s.Sums || s.Filter.Code != "" || s.Filter.Item != "" {
		return nil
	}
	names := map[string]string{}
	for _, organization := range s.Organizations {
		names[organization.ID] = organization.Name
	}
	of := []struct {
		by               statistics.By
		parameter, title string
		names            map[string]string
	}{
		{by: statistics.ByOrganization, parameter: "org", title: "By organization", names: names},
		{by: statistics.ByCode, parameter: "handshake", title: "By handshake code"},
		{by: statistics.ByItem, parameter: "item", title: "By license item", names: s.Names},
	}
	for _, each := range of {
		if each.parameter == "org" && (r.who().Organization != "" || s.Filter.Organization != "") ||
			each.parameter == "item" && s.By != "item" ||
			each.parameter == "handshake" && s.By == "item" {
			continue
		}
		result, err := r.read(s.Filter, statistics.Query{
			Per: statistics.PerPeriod, By: []statistics.By{each.by}, From: s.Since, Until: s.To,
		})
		if err != nil {
			return err
		}
		if result == nil || len(result.Rows) < 2 {
			continue
		}
		list := ranking{Title: each.title}
		for _, row := range result.Rows {
			id := row.Group.Text(each.by)
			ranks := ranked{ID: id, Name: cmp.Or(each.names[id], id), Parameter: each.parameter, Units: row.Count}
			if id == "" { // refusals of codes that are not known
				ranks.Name, ranks.Parameter = translate(r.Request, "unknown"), ""
			}
			list.Rows = append(list.Rows, ranks)
		}
		s.Rankings = append(s.Rankings, list.ranked())
	}
	return nil
}

// ranked puts the rows in order, the largest first, and sums up those that are too many.
func (list ranking) ranked() ranking {
	total := int64(0)
	for _, row := range list.Rows {
		total = store.SaturatingSum(total, row.Units)
	}
	slices.SortFunc(list.Rows, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.ID, b.ID))
	})
	if len(list.Rows) > maxRanked {
		for _, other := range list.Rows[maxRanked:] {
			list.Rest = store.SaturatingSum(list.Rest, other.Units)
		}
		list.Others, list.Rows = len(list.Rows)-maxRanked, list.Rows[:maxRanked]
	}
	for i := range list.Rows {
		row := &list.Rows[i]
		row.Share = fmt.Sprintf("%.1f %%", float64(row.Units)/float64(max(total, 1))*100)
		row.Width = float64(row.Units) / float64(max(list.Rows[0].Units, 1)) * 100
	}
	return list
}

// The parts of a product, and the ways in which pages come in, in words.
var (
	kinds = []option{
		{Value: protocol.KindBarcode, Text: "Barcodes"}, {Value: "core", Text: "Scanning and loading"},
		{Value: "webcam", Text: "Webcam"}, {Value: "pdf-rasterizer", Text: "PDF rasterizer"},
		{Value: "ocr", Text: "Text recognition"}, {Value: "", Text: "Types of hosts"},
	}
	imports = []option{
		{Value: "scanned", Text: "Scanned"}, {Value: "loaded", Text: "Loaded"}, {Value: "captured", Text: "Captured"},
	}
)

// rankKinds sums up page products by the part of the product, and by how pages came in. Barcodes
// alone have nothing to tell apart.
func (s *statisticsShown) rankKinds(r *request, counted *counted) {
	if s.Filter.Measure != store.MeasureOperations {
		return
	}
	for _, each := range []struct {
		title string
		of    func(string) string
		words []option
	}{
		{title: "By part of the product", of: protocol.KindOf, words: kinds},
		{title: "By how pages came in", of: protocol.ImportTypeOf, words: imports},
	} {
		list := ranking{Title: each.title}
		for _, word := range each.words {
			row := ranked{ID: word.Value, Name: translate(r.Request, word.Text)}
			for i, name := range counted.Types {
				if each.of(name) == word.Value {
					row.Units = store.SaturatingSum(row.Units, counted.total(i))
				}
			}
			if row.Units > 0 {
				list.Rows = append(list.Rows, row)
			}
		}
		if list = list.ranked(); len(list.Rows) > 1 || len(list.Rows) == 1 && list.Rows[0].ID != protocol.KindBarcode &&
			list.Rows[0].ID != "" {
			s.Rankings = append(s.Rankings, list)
		}
	}
}

// RankBar draws how far one of a ranking is behind the first.
func (v *view) RankBar(row ranked) *bar {
	return &bar{Width: row.Width, Percent: row.Share, Class: "rank", Label: v.T("%s of all", row.Share)}
}
