package pages

import (
	"cmp"
	"fmt"
	"slices"

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
		total := int64(0)
		for _, row := range result.Rows {
			total = store.SaturatingSum(total, row.Count)
			id := row.Group.Text(each.by)
			list.Rows = append(list.Rows, ranked{
				ID: id, Name: cmp.Or(each.names[id], id), Parameter: each.parameter, Units: row.Count,
			})
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
		s.Rankings = append(s.Rankings, list)
	}
	return nil
}

// RankBar draws how far one of a ranking is behind the first.
func (v *view) RankBar(row ranked) *bar {
	return &bar{Width: row.Width, Percent: row.Share, Class: "rank", Label: v.T("%s of all", row.Share)}
}
