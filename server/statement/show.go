package statement

import (
	"embed"
	"encoding/csv"
	"html/template"
	"io"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/statistics"
)

// WriteCSV writes the lines of a statement as a table.
func (s *Statement) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"kind", "month", "item", "handshake", "type", "units", "reason"}}
	line := func(kind, month, item, code, of string, units int64, reason string) {
		rows = append(rows, []string{kind, month, statistics.Cell(item), statistics.Cell(code), statistics.Cell(of),
			strconv.FormatInt(units, 10), statistics.Cell(reason)})
	}
	for _, l := range s.Usage {
		line("usage", s.Month, l.Item, l.Code, l.Type, l.Units, "")
	}
	for _, l := range s.Corrections {
		line("correction", l.Month, l.Item, l.Code, l.Type, l.Units, "")
	}
	for _, a := range s.Adjustments {
		line("adjustment", s.Month, a.Item, "", "", a.Units, a.Reason)
	}
	for _, l := range s.Losses {
		line("lost", s.Month, l.Item, l.Code, l.Cause, l.Units, "")
	}
	if err := c.WriteAll(rows); err != nil {
		return err
	}
	return c.Error()
}

//go:embed statement.html
var files embed.FS

var page = template.Must(template.New("statement.html").Funcs(template.FuncMap{
	"moment": func(s *Statement, unix int64) string {
		zone, err := time.LoadLocation(s.Zone)
		if err != nil {
			zone = time.UTC
		}
		return time.Unix(unix, 0).In(zone).Format("2006-01-02 15:04:05 -07:00")
	},
}).ParseFS(files, "statement.html"))

// WriteHTML writes a page to print. signed is the signed document; "" for a draft.
func (s *Statement) WriteHTML(w io.Writer, signed string) error {
	return page.Execute(w, struct {
		*Statement
		Signed string
	}{s, signed})
}
