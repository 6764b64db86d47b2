package server_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/metrics"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

// scraped is what Prometheus has of a server after some scrapes.
type scraped struct {
	series  map[string]labels.Labels
	samples map[string][]chunks.Sample
}

// scrape reads the metrics of a server, as Prometheus does.
func (s *scraped) scrape(t *testing.T, l *lts) {
	t.Helper()
	recorder := httptest.NewRecorder()
	l.server.MetricsHandler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, metrics.Path, nil))
	text := expfmt.NewTextParser(model.UTF8Validation)
	families, err := text.TextToMetricFamilies(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	at := model.TimeFromUnixNano(l.clock().UnixNano())
	for _, family := range families {
		vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: at}, family)
		if err != nil {
			t.Fatal(err)
		}
		for _, sample := range vector {
			named := labels.NewBuilder(labels.FromStrings("job", "lts", "instance", "lts.example.com:443"))
			for name, value := range sample.Metric {
				named.Set(string(name), string(value))
			}
			key := named.Labels().String()
			s.series[key] = named.Labels()
			s.samples[key] = append(s.samples[key], point{int64(at), float64(sample.Value)})
		}
	}
}

// point is a sample.
type point struct {
	at    int64
	value float64
}

func (p point) T() int64                      { return p.at }
func (p point) ST() int64                     { return 0 }
func (p point) F() float64                    { return p.value }
func (p point) H() *histogram.Histogram       { return nil }
func (p point) FH() *histogram.FloatHistogram { return nil }
func (p point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return p }

// list is a set of series.
type list struct {
	series []storage.Series
	at     int
}

func (l *list) Next() bool                        { l.at++; return l.at <= len(l.series) }
func (l *list) At() storage.Series                { return l.series[l.at-1] }
func (l *list) Err() error                        { return nil }
func (l *list) Warnings() annotations.Annotations { return nil }

// selected are the series that matchers select.
func (s *scraped) selected(matchers ...*labels.Matcher) (found []storage.Series) {
	for key, series := range s.series {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(series.Get(m.Name)) }) {
			found = append(found, storage.NewListSeries(series, s.samples[key]))
		}
	}
	slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return found
}

// busy is a server with all that metrics tell of: items of two kinds, devices that are granted
// licenses, refused ones and reports.
func busy(t *testing.T) (l *lts, work func()) {
	t.Helper()
	l = start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "busy"})
	l.item(t, store.Item{ID: "busy", Quota: 1, ChargeWay: protocol.ChargeWayConcurrentDeviceCount}, "100001-busy")
	device, revision := l.device(), int64(0)
	run := device.NewUUID()
	return l, func() {
		revision++
		granted(t, device, "100001-reader")
		_, err := device.Authorize(device.Request("100001-nowhere"))
		if code := problem(t, err).Code; code != protocol.StatusHandshakeCodeNotFound {
			t.Fatal(code)
		}
		if _, err := device.Report(device.Batch(protocol.ReportGroup{Run: run, HandshakeCode: "100001-reader",
			Item: "scans", SlotSeconds: 180, Reports: []protocol.Report{{Slot: servertest.Start().Unix() / 180 * 180,
				Revision: revision, Counts: map[string]int64{"QR_CODE": 5 * revision}}}})); err != nil {
			t.Fatal(err)
		}
	}
}

// Each query of the dashboard has an answer from what a server that works says, and from what one
// that was just started says: Prometheus itself answers.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../docs/grafana/openlts.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil || len(dashboard.Panels) < 8 {
		t.Fatalf("%v: %+v", err, dashboard)
	}
	l, work := busy(t)
	s := &scraped{map[string]labels.Labels{}, map[string][]chunks.Sample{}}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Hour, EnableAtModifier: true})
	legend := regexp.MustCompile(`{{(\w+)}}`)
	for _, working := range []bool{false, true} {
		for range 3 {
			if working {
				work()
			}
			l.advance(time.Minute)
			s.scrape(t, l)
		}
		for _, panel := range dashboard.Panels {
			if len(panel.Targets) == 0 {
				t.Errorf("the panel %q shows nothing", panel.Title)
			}
			for _, target := range panel.Targets {
				expression := strings.ReplaceAll(target.Expr, "$job", "lts")
				if teststore.OnPostgreSQL() && strings.Contains(expression, "disk_free") {
					t.Logf("%s is left out: the disk of PostgreSQL is not the server's to look at", expression)
					continue
				}
				s.known(t, panel.Title, expression)
				query, err := engine.NewInstantQuery(t.Context(), s.queryable(), nil, expression, l.clock())
				if err != nil {
					t.Fatalf("%s: %s: %v", panel.Title, expression, err)
				}
				result := query.Exec(t.Context())
				vector, err := result.Vector()
				if err != nil {
					t.Fatalf("%s: %s: %v", panel.Title, expression, err)
				}
				if len(vector) == 0 {
					t.Errorf("%s: %s has no answer, working %t", panel.Title, expression, working)
				}
				for _, sample := range vector {
					// Of nothing at all there is no share, and no time it takes.
					if working && math.IsNaN(sample.F) {
						t.Errorf("%s: %s is not a number", panel.Title, expression)
					}
					for _, name := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
						if !sample.Metric.Has(name[1]) {
							t.Errorf("%s: %s has no %s for its legend", panel.Title, expression, name[1])
						}
					}
				}
			}
		}
	}
}

// known checks that each series and each label of an expression is one that a server has.
func (s *scraped) known(t *testing.T, title, expression string) {
	t.Helper()
	whole, err := parser.ParseExpr(expression)
	if err != nil {
		t.Fatalf("%s: %s: %v", title, expression, err)
	}
	parser.Inspect(whole, func(node parser.Node, _ []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for _, series := range s.selected(selector.LabelMatchers...) {
			for _, matcher := range selector.LabelMatchers {
				if !series.Labels().Has(matcher.Name) {
					t.Errorf("%s: %s has no label %s", title, selector, matcher.Name)
				}
			}
		}
		return nil
	})
	parser.Inspect(whole, func(node parser.Node, _ []parser.Node) error {
		if aggregation, ok := node.(*parser.AggregateExpr); ok && !aggregation.Without {
			for _, name := range aggregation.Grouping {
				parser.Inspect(aggregation.Expr, func(node parser.Node, _ []parser.Node) error {
					if selector, ok := node.(*parser.VectorSelector); ok {
						for _, series := range s.selected(selector.LabelMatchers...) {
							if !series.Labels().Has(name) {
								t.Errorf("%s: %s has no label %s", title, selector, name)
							}
						}
					}
					return nil
				})
			}
		}
		return nil
	})
}

// queryable lets Prometheus ask.
func (s *scraped) queryable() storage.Queryable {
	return &storage.MockQueryable{MockQuerier: &storage.MockQuerier{
		SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
			return &list{series: s.selected(matchers...)}
		},
	}}
}
