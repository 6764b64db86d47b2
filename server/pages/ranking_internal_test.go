package pages

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/store"
)

// Page products are summed up by part and by how pages came in, over all windows; barcodes alone, or
// types of hosts alone, have nothing to tell apart, and neither has another measure.
func TestPartsOfProducts(t *testing.T) {
	for _, test := range []struct {
		measure store.Measure
		types   string
		want    string
	}{
		{store.MeasureOperations, "PAGE_SCANNED PAGE_LOADED PAGE_CAPTURED PAGE_RASTERIZED QR_CODE ACME_TYPE",
			"By part of the product: Types of hosts 66, Barcodes 55, PDF rasterizer 44, " +
				"Scanning and loading 33, Webcam 33; By how pages came in: Captured 33, Loaded 22, Scanned 11"},
		{store.MeasureOperations, "PAGE_SCANNED",
			"By part of the product: Scanning and loading 11; By how pages came in: Scanned 11"},
		{store.MeasureOperations, "QR_CODE EAN_13", ""},
		{store.MeasureOperations, "ACME_TYPE", ""},
		{store.MeasureOperations, "", ""},
		{store.MeasureDenials, "-20120 PAGE_SCANNED", ""},
	} {
		c := &counted{Types: strings.Fields(test.types)}
		for _, factor := range []int64{1, 10} { // windows
			row := make([]int64, len(c.Types))
			for i := range row {
				row[i] = factor * int64(i+1)
			}
			c.Units = append(c.Units, row)
		}
		s := &statisticsShown{Filter: filter{Measure: test.measure}}
		s.rankKinds(&request{Request: httptest.NewRequest("GET", "/statistics", nil)}, c)
		var said []string
		for _, list := range s.Rankings {
			var rows []string
			for _, row := range list.Rows {
				rows = append(rows, fmt.Sprintf("%s %d", row.Name, row.Units))
			}
			said = append(said, list.Title+": "+strings.Join(rows, ", "))
		}
		if got := strings.Join(said, "; "); got != test.want {
			t.Errorf("%s %q: %q, want %q", test.measure, test.types, got, test.want)
		}
	}
}
