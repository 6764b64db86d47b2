package pages

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// trend is a chart of what was counted over time: one column for each window, stacked by type, or
// lines of running totals if it is accumulated. The server draws it as SVG; the interactive chart
// in browsers uses the same figures.
type trend struct {
	*counted
	Accumulated bool
	Unfinished  int // the window that has not ended; -1: none
	Series      []trendSeries
	Columns     []trendColumn
	Lines       []trendLine
	Marks       []mark // of the axis of units
	Dates       []mark // of the axis of time
	Width       float64
	Height      float64
}

type trendSeries struct {
	Name  string
	Class string // its color
	Total int64
}

type trendColumn struct {
	X, Width float64
	Label    string
	Total    int64
	Open     bool // not over
	Parts    []trendPart
}

type trendPart struct {
	Y, Height float64
	Class     string
}

type trendLine struct {
	Class, Path, Open string // Open: the last part, which has not ended
}

type mark struct {
	At   float64 // in the chart's units, from above
	Text string
}

// Percent is the distance from the top, because texts are not stretched with the chart.
func (m mark) Percent() string { return strconv.FormatFloat(m.At/chartHeight*100, 'f', 2, 64) + "%" }

// maxSeries is how many types have their own series; the rest is "other".
const maxSeries = 7

// Sizes of the chart, in units of its own.
const (
	chartWidth  = 1000
	chartHeight = 260
)

// class is the color of a series by its place.
func class(i int) string { return fmt.Sprintf("c%d", min(i, maxSeries)) }

func newTrend(c *counted, accumulated bool) *trend {
	t := &trend{counted: c, Accumulated: accumulated, Unfinished: -1, Width: chartWidth, Height: chartHeight}
	for i, w := range c.Windows {
		if w.Unfinished {
			t.Unfinished = i
			break
		}
	}
	for i, name := range c.Types {
		switch {
		case i < maxSeries:
			t.Series = append(t.Series, trendSeries{Name: name, Class: class(i), Total: c.total(i)})
		case i == maxSeries:
			t.Series = append(t.Series, trendSeries{Class: class(i)})
			fallthrough
		default:
			others := &t.Series[maxSeries]
			others.Total = store.SaturatingSum(others.Total, c.total(i))
		}
	}
	t.draw()
	return t
}

// Empty tells whether there is nothing to show.
func (t *trend) Empty() bool { return len(t.Series) == 0 }

// Total is the sum of all.
func (t *trend) Total() int64 { return t.total(-1) }

// Values are the units of each series and window, as they are drawn.
func (t *trend) Values() [][]int64 {
	values := make([][]int64, len(t.Series))
	for i := range values {
		values[i] = make([]int64, len(t.Windows))
	}
	for w, row := range t.Units {
		for kind, units := range row {
			i := min(kind, maxSeries)
			values[i][w] = store.SaturatingSum(values[i][w], units)
		}
	}
	if t.Accumulated {
		for i := range values {
			for w := 1; w < len(values[i]); w++ {
				values[i][w] = store.SaturatingSum(values[i][w], values[i][w-1])
			}
		}
	}
	return values
}

// maxColumns is how many columns a reader can distinguish; more are drawn as lines.
const maxColumns = 124

func (t *trend) draw() {
	n := len(t.Windows)
	if n == 0 || len(t.Series) == 0 {
		return
	}
	values := t.Values()
	var highest int64
	lines := t.Accumulated || n > maxColumns
	for w := range n {
		var sum int64
		for i := range values {
			if lines {
				highest = max(highest, values[i][w])
			}
			sum = store.SaturatingSum(sum, values[i][w])
		}
		if !lines {
			highest = max(highest, sum)
		}
	}
	top := round(highest)
	y := func(units float64) float64 { return chartHeight - units/float64(top)*chartHeight }
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		t.Marks = append(t.Marks, mark{y(share * float64(top)), short(share * float64(top))})
	}
	width := chartWidth / float64(n)
	every := max(1, (n+7)/8)
	for w := 0; w < n; w += every {
		layout := "2 Jan"
		switch t.Per {
		case statistics.PerMonth:
			layout = "Jan 2006"
		case statistics.PerHour, statistics.PerSlot:
			layout = "2 Jan 15:04"
		}
		t.Dates = append(t.Dates, mark{(float64(w) + 0.5) * width, t.Windows[w].Start.Format(layout)})
	}
	if lines {
		t.drawLines(values, width, y)
		return
	}
	gap := min(4, width*0.2)
	for w := range n {
		column := trendColumn{
			X: float64(w)*width + gap/2, Width: width - gap, Label: label(t.Windows[w], t.Per), Open: w == t.Unfinished,
		}
		var below int64
		for i := range values {
			if units := values[i][w]; units > 0 {
				bottom, upper := y(float64(below)), y(float64(below)+float64(units))
				column.Parts = append(column.Parts, trendPart{upper, bottom - upper, t.Series[i].Class})
				below = store.SaturatingSum(below, units)
			}
		}
		column.Total = below
		t.Columns = append(t.Columns, column)
	}
}

func (t *trend) drawLines(values [][]int64, width float64, y func(float64) float64) {
	for i := range values {
		var path []byte
		line := trendLine{Class: t.Series[i].Class}
		for w, units := range values[i] {
			if t.Unfinished >= 0 && w > t.Unfinished {
				break // the future
			}
			x := (float64(w) + 0.5) * width
			if w == t.Unfinished && w > 0 {
				line.Open = fmt.Sprintf("M%.1f %.1fL%.1f %.1f", x-width, y(float64(values[i][w-1])), x,
					y(float64(units)))
				break
			}
			letter := byte('L')
			if w == 0 {
				letter = 'M'
			}
			path = strconv.AppendFloat(append(path, letter), x, 'f', 1, 64)
			path = strconv.AppendFloat(append(path, ' '), y(float64(units)), 'f', 1, 64)
		}
		line.Path = string(path)
		t.Lines = append(t.Lines, line)
	}
}

// round gives a round number at which an axis may end.
func round(highest int64) int64 {
	if highest <= 4 {
		return 4
	}
	power := math.Pow(10, math.Floor(math.Log10(float64(highest))))
	for _, step := range []float64{1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10} {
		if top := step * power; top >= float64(highest) && top < math.MaxInt64 {
			return int64(top)
		}
	}
	return highest
}

// short writes a number of an axis.
func short(n float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", n/unit.size), ".0") + unit.name
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
}

// moving has the data for the interactive chart in browsers.
type moving struct {
	Times       []int64   `json:"times"`  // when each window begins, in seconds since 1970
	Labels      []string  `json:"labels"` // in the zone of the page
	Names       []string  `json:"names"`
	Values      [][]int64 `json:"values"`
	Unfinished  int       `json:"unfinished"`
	Accumulated bool      `json:"accumulated"`
	Zone        string    `json:"zone"`
	Span        string    `json:"span"`   // from the first window to the last
	Totals      []string  `json:"totals"` // of each series, as the legend beside the picture has them
	Open        string    `json:"open"`   // the text for a window that has not ended
}

// Moving gives the data for the interactive chart in browsers.
func (v *view) Moving(t *trend) moving {
	m := moving{
		Values: t.Values(), Unfinished: t.Unfinished, Accumulated: t.Accumulated, Zone: v.Zone(), Open: v.T("so far"),
	}
	for _, w := range t.Windows {
		m.Times, m.Labels = append(m.Times, w.Start.Unix()), append(m.Labels, label(w, t.Per))
	}
	for _, s := range t.Series {
		name := s.Name
		if name == "" {
			name = v.T("other")
		}
		m.Names, m.Totals = append(m.Names, name), append(m.Totals, grouped(s.Total))
	}
	if n := len(m.Labels); n > 0 {
		m.Span = m.Labels[0] + " – " + m.Labels[n-1]
	}
	return m
}

// pie is a chart of shares.
type pie struct {
	Title  string
	Total  int64
	Slices []pieSlice
}

type pieSlice struct {
	Name, Class, Path string
	Others            []string // names without a slice of their own; then there is no Name
	Whole             bool     // all of it: a circle
	Units             int64
	Percent           string
}

// newPie makes a pie from counts. The place of a type in order determines its color.
func newPie(title string, c *counted, order []string) pie {
	p := pie{Title: title, Total: c.total(-1)}
	if p.Total == 0 {
		return p
	}
	place := map[string]int{}
	for i, name := range order {
		place[name] = i
	}
	for _, name := range c.Types {
		if _, known := place[name]; !known {
			place[name] = maxSeries
		}
	}
	others := pieSlice{Class: class(maxSeries)}
	for i, name := range c.Types {
		units := c.total(i)
		if place[name] >= maxSeries {
			others.Units = store.SaturatingSum(others.Units, units)
			others.Others = append(others.Others, name)
			continue
		}
		p.Slices = append(p.Slices, pieSlice{Name: name, Class: class(place[name]), Units: units})
	}
	if others.Units > 0 {
		p.Slices = append(p.Slices, others)
	}
	var before float64
	for i := range p.Slices {
		s := &p.Slices[i]
		share := float64(s.Units) / float64(p.Total)
		s.Percent = fmt.Sprintf("%.1f %%", share*100)
		if s.Whole = share > 0.9999; !s.Whole {
			s.Path = arc(before, before+share)
		}
		before += share
	}
	return p
}

// arc is the path of a ring's part, from one share of the circle to another.
func arc(from, to float64) string {
	const outer, inner = 48, 30
	point := func(share, radius float64) (float64, float64) {
		angle := 2 * math.Pi * share
		return 50 + radius*math.Sin(angle), 50 - radius*math.Cos(angle)
	}
	large := 0
	if to-from > 0.5 {
		large = 1
	}
	ax, ay := point(from, outer)
	bx, by := point(to, outer)
	cx, cy := point(to, inner)
	dx, dy := point(from, inner)
	return fmt.Sprintf("M%.2f %.2fA%d %d 0 %d 1 %.2f %.2fL%.2f %.2fA%d %d 0 %d 0 %.2f %.2fZ",
		ax, ay, outer, outer, large, bx, by, cx, cy, inner, inner, large, dx, dy)
}
