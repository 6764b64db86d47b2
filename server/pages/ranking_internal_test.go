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

// A type has one color in the chart and in all pies, whichever was the most frequent when.
func TestOneColorForEachType(t *testing.T) {
	of := func(units ...int64) *counted { return &counted{Units: [][]int64{units}} }
	ever, whole, today := of(50, 40, 30, 20, 10, 9, 8, 7, 6), of(5, 4, 3), of(2, 1)
	ever.Types = strings.Fields("A B C D E F G H I")
	whole.Types, today.Types = strings.Fields("C H A"), strings.Fields("A C")
	s := &statisticsShown{Trend: newTrend(whole, false)}
	s.pies(periods{ever: ever, whole: whole, today: today})
	colors := map[string]string{}
	for _, series := range s.Trend.Series {
		colors[series.Name] = series.Class
	}
	if len(colors) != 3 {
		t.Fatal(colors)
	}
	for _, pie := range s.Pies {
		used := map[string]bool{}
		for _, slice := range pie.Slices {
			if want, shown := colors[slice.Name]; shown && slice.Class != want {
				t.Errorf("%s: %s is %s, and %s in the chart", pie.Title, slice.Name, slice.Class, want)
			}
			if used[slice.Class] {
				t.Errorf("%s: two slices are %s", pie.Title, slice.Class)
			}
			used[slice.Class] = true
		}
	}
}

// A legend says what refusals mean, and leaves other names as they are.
func TestRefusalsInWords(t *testing.T) {
	for name, want := range map[string]string{
		"-20111": "-20111 License has expired.", "QR_CODE": "QR_CODE", "": "", "-5": "-5", "20111": "20111",
		"-99999999999999": "-99999999999999", "devices": "devices",
	} {
		if got := inWords(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// A legend names the few types that share a slice, and counts many.
func TestLegendOfOthers(t *testing.T) {
	all := strings.Fields("A B C D E F G H I J K L M")
	v := &view{r: &request{Request: httptest.NewRequest("GET", "/", nil)}}
	for types, want := range map[int]string{
		7: "G", 8: "other: H", 9: "other: H, I", 12: "other: H, I, J, K, L", 13: "6 others",
	} {
		c := &counted{Types: all[:types], Units: [][]int64{make([]int64, types)}}
		for i := range types {
			c.Units[0][i] = 1
		}
		legend := v.Slices(newPie("", c, c.Types))
		if got := legend[len(legend)-1].Name; got != want {
			t.Errorf("%d types: %q, want %q", types, got, want)
		}
	}
}
