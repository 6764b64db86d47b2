package pages_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/pages"
)

// Each list can be saved: as CSV and JSON, the same rows in both, filtered as on the page, and with
// no cell that a spreadsheet would calculate. A page that is not there in a format says so.
func TestFilesOfLists(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	must[administration.Item](t)(o.desk.NewItem(t.Context(), administration.ItemInput{
		ID: "formula", Organization: "100001", ChargeWay: "scan",
		ItemFields: administration.ItemFields{Name: new(`=HYPERLINK("https://evil.example")`), Quota: new(int64(1))},
	}))
	olga := o.signedIn(t, "olga")
	lists := 0
	for _, path := range pages.Paths() {
		if strings.Contains(path, "{") {
			continue
		}
		_, page := olga.get(t, path)
		offered := strings.Contains(page, "format=csv")
		response, table := olga.get(t, path+"?format=csv")
		if !offered {
			if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusSeeOther &&
				response.StatusCode != http.StatusForbidden {
				t.Errorf("%s offers no CSV, and answers with %d to who asks for it", path, response.StatusCode)
			}
			continue
		}
		lists++
		rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %v", path, response.StatusCode, err)
			continue
		}
		for _, row := range rows[1:] {
			for _, cell := range row {
				if strings.HasPrefix(cell, "=") {
					t.Errorf("%s: a spreadsheet calculates %q", path, cell)
				}
			}
		}
		if path == "/statistics" {
			continue // whose JSON also holds sums
		}
		var objects []map[string]any
		if _, text := olga.get(t, path+"?format=json"); json.Unmarshal([]byte(text), &objects) != nil ||
			len(objects) != len(rows)-1 || len(objects) > 0 && len(objects[0]) != len(rows[0]) {
			t.Errorf("%s: %d rows of CSV, and of JSON %s", path, len(rows)-1, text)
		}
		_, none := olga.get(t, path+"?format=csv&q=matches+nothing+at+all")
		if got := strings.Count(none, "\n"); got != 1 && path != "/alerts" {
			t.Errorf("%s: a filter that nothing matches leaves %d lines", path, got)
		}
	}
	if lists < 9 {
		t.Errorf("only %d lists can be saved", lists)
	}
}
