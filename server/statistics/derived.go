package statistics

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// derivations derive a group from a column of the store: many values become one.
var derivations = map[By]func(string) string{ByKind: protocol.KindOf, ByImport: protocol.ImportTypeOf}

// derived tells whether the query groups by a derived value.
func (q *Query) derived() bool {
	return slices.ContainsFunc(q.By, func(by By) bool { return derivations[by] != nil })
}

// ask asks a store, and groups the rows as the query says.
func (q *Query) ask(ctx context.Context, source Source, stored store.StatisticsQuery) (store.Statistics, error) {
	counted, err := source.Statistics(ctx, stored)
	if err != nil || !q.derived() {
		return counted, err
	}
	rows := make([]store.StatisticsRow, 0, len(counted.Rows))
	place := map[string]int{}
	for _, row := range counted.Rows {
		values := make([]any, len(q.By))
		for i, by := range q.By {
			values[i] = row.Values[slices.Index(stored.By, columns[by])]
			if derive := derivations[by]; derive != nil {
				values[i] = derive(fmt.Sprint(values[i]))
			}
		}
		key := fmt.Sprint(row.Window) + "\x00" + strings.Join(texts(values), "\x00")
		at, ok := place[key]
		if !ok {
			place[key] = len(rows)
			rows = append(rows, store.StatisticsRow{
				Window: row.Window, Values: values, Count: row.Count, Late: row.Late,
			})
			continue
		}
		rows[at].Count, rows[at].Late = store.SaturatingSum(rows[at].Count, row.Count),
			store.SaturatingSum(rows[at].Late, row.Late)
	}
	slices.SortStableFunc(rows, func(a, b store.StatisticsRow) int {
		if a.Window != b.Window {
			return a.Window - b.Window
		}
		return slices.Compare(texts(a.Values), texts(b.Values))
	})
	counted.Rows = rows
	return counted, nil
}
