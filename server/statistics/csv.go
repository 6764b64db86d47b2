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
		for _, value := range row.Group {
			cells = append(cells, Cell(value))
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

// Cell is a text as a cell of a table: a spreadsheet must not take it for a formula.
// Numbers need no such care.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
