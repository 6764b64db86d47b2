package statistics

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/store"
)

// WriteCSV writes a result as a table: the start and end of each row's window, with
// their offsets from UTC, the groups, and the numbers.
func (r *Result) WriteCSV(w io.Writer, q Query) error {
	c := csv.NewWriter(w)
	head := []string{"start", "end"}
	for _, by := range q.By {
		head = append(head, string(by))
	}
	head = append(head, string(r.Measure))
	if r.Measure == store.MeasureOperations {
		head = append(head, "late")
	}
	if r.Previous != nil {
		head = append(head, "before")
	}
	if err := c.Write(head); err != nil {
		return err
	}
	for _, row := range r.Rows {
		window := r.Windows[row.Window]
		cells := []string{cellTime(window.Start), cellTime(window.End)}
		for _, by := range q.By {
			cells = append(cells, Cell(row.Group.Text(by)))
		}
		cells = append(cells, strconv.FormatInt(row.Count, 10))
		if r.Measure == store.MeasureOperations {
			cells = append(cells, strconv.FormatInt(row.Late, 10))
		}
		if r.Previous != nil {
			before := ""
			if row.Before != nil {
				before = strconv.FormatInt(*row.Before, 10)
			}
			cells = append(cells, before)
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func cellTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339)
}

// formulas are the characters with which a spreadsheet begins a formula, including the full-width
// ones.
const formulas = "=+-@\uFF1D\uFF0B\uFF0D\uFF20"

// separators also end a cell in some spreadsheets: semicolons do so in countries that write
// decimals with a comma, and there quotes within a cell protect nothing.
const separators = ";\t\r\n"

// Cell is a text as a cell of a table, such that a spreadsheet does not take it, or a part of it,
// for a formula. Numbers need no such care.
func Cell(text string) string {
	var cell strings.Builder
	begins := true
	for _, c := range text {
		if begins && strings.ContainsRune(formulas, c) || cell.Len() == 0 && strings.ContainsRune(separators, c) {
			cell.WriteByte('\'')
		}
		begins = strings.ContainsRune(separators, c) || begins && c == ' '
		cell.WriteRune(c)
	}
	return cell.String()
}
