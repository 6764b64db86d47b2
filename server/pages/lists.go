package pages

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var denialPages = []page{{
	path: "/denials", name: "denials", title: "Refusals", nav: "/denials", role: administration.Viewer,
	get: func(r *request) (any, error) { return r.admin.Denials(r.Context(), r.selection()) },
	table: func(r *request) (*table, error) {
		return listed(r, "refusals", r.admin.Denials, []string{
			"lastAt", "firstAt", "count", "code", "device", "deviceName", "handshake", "organization", "item", "reason",
		},
			func(d store.Denial) []any {
				return []any{r.written(d.At), r.written(d.FirstAt), d.Count, int64(d.Status), d.Device, d.DeviceName,
					d.HandshakeCode, d.Organization, d.Item, d.Reason}
			})
	},
}}

var anomalyPages = []page{{
	path: "/anomalies", name: "anomalies", title: "Anomalies", nav: "/anomalies", role: administration.Viewer,
	get: func(r *request) (any, error) { return r.admin.Anomalies(r.Context(), r.selection()) },
	table: func(r *request) (*table, error) {
		return listed(r, "anomalies", r.admin.Anomalies, []string{
			"lastAt", "firstAt", "count", "kind", "device", "deviceName", "detail",
		},
			func(a records.Anomaly) []any {
				return []any{r.written(a.LastAt), r.written(a.FirstAt), a.Count, a.Kind, a.Device, a.Name, a.Detail}
			})
	},
}}

var auditPages = []page{{
	path: "/audit", name: "audit", title: "Audit", nav: "/audit", role: administration.Viewer, everywhere: true,
	get: func(r *request) (any, error) { return r.admin.Audits(r.Context(), r.selection()) },
	table: func(r *request) (*table, error) {
		return listed(r, "audit", r.admin.Audits, []string{"at", "who", "action", "object", "detail"},
			func(a store.Audit) []any { return []any{r.written(a.At), a.Actor, a.Action, a.Object, a.Detail} })
	},
}}

// written is a time in the zone of the page, for programs and spreadsheets.
func (r *request) written(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).In(r.zone).Format(time.RFC3339)
}

// table is the content of a page for programs. Its rows come one by one, so that there may be any
// number.
type table struct {
	name    string // of the file
	columns []string
	rows    func(each func([]any) error) error // texts and numbers
}

// listed makes a table of all pages of a list.
func listed[R any](r *request, name string,
	read func(context.Context, administration.Selection) (administration.Page[R], error),
	columns []string, row func(R) []any,
) (*table, error) {
	s := r.selection()
	s.After, s.Limit = "", records.MaxLimit
	first, err := read(r.Context(), s) // report an error before anything is sent
	if err != nil {
		return nil, err
	}
	return &table{name: name, columns: columns, rows: func(each func([]any) error) error {
		for page := first; ; {
			for _, item := range page.Items {
				if err := each(row(item)); err != nil {
					return err
				}
			}
			if s.After = page.Next; s.After == "" {
				return nil
			}
			var err error
			if page, err = read(r.Context(), s); err != nil {
				return err
			}
		}
	}}, nil
}

// export sends the page's table.
func (r *request) export(format string) error {
	if format != "csv" && format != "json" {
		return mistake("format", "there are the formats csv and json")
	}
	t, err := r.page.table(r)
	if err != nil {
		return err
	}
	if format == "json" {
		r.attach(t.name+".json", "application/json")
		return r.sent(t.writeJSON(r.w))
	}
	r.attach(t.name+".csv", "text/csv; charset=utf-8")
	return r.sent(t.writeCSV(r.w))
}

type writer interface{ Write([]byte) (int, error) }

func (t *table) writeCSV(w writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(t.columns); err != nil {
		return err
	}
	err := t.rows(func(row []any) error {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = cell(value)
		}
		return out.Write(cells)
	})
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}

// cell writes a value for a spreadsheet.
func cell(value any) string {
	switch v := value.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return statistics.Cell(v)
	}
	return ""
}

func (t *table) writeJSON(w writer) error {
	if _, err := w.Write([]byte("[")); err != nil {
		return err
	}
	first := true
	err := t.rows(func(row []any) error {
		text := []byte("\n{")
		if !first {
			text = []byte(",\n{")
		}
		first = false
		for i, value := range row {
			name, err := json.Marshal(t.columns[i])
			if err != nil {
				return err
			}
			written, err := json.Marshal(value)
			if err != nil {
				return err
			}
			if i > 0 {
				text = append(text, ',')
			}
			text = append(append(append(text, name...), ':'), written...)
		}
		_, err := w.Write(append(text, '}'))
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.Write([]byte("\n]\n"))
	return err
}
