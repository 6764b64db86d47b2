// Package metrics is what Prometheus reads from a server: its work, its process, and the state of
// items. Counters only grow while the process lives; values from the database are the same on each
// server.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/status"
	"github.com/openlts/openlts/server/store"
)

// Path is where metrics are.
const Path = "/metrics"

// Config says what to measure.
type Config struct {
	Store    store.Store
	Outcomes *outcome.Counter
	Now      func() time.Time
	Log      *slog.Logger
	Version  string
}

// maxItems is for how many items there are separate series: each item has several, and Prometheus
// stores all of them.
const maxItems = 2000

// fresh is how long values from the database are reused, so that frequent scrapes do not load it.
const fresh = 15 * time.Second

// readTime is how long the database may take.
const readTime = 10 * time.Second

// Metrics measures a server.
type Metrics struct {
	config   Config
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	mutex  sync.Mutex
	stored []prometheus.Metric // what was last read from the database
	readAt time.Time
}

// New makes the metrics of a server.
func New(config Config) *Metrics {
	m := &Metrics{
		config: config, registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openlts_http_requests_total", Help: "Requests of clients that were answered.",
		}, []string{"path", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "openlts_http_request_duration_seconds", Help: "How long answers to clients took, commits included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"path"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "openlts_build_info", Help: "Always 1; the label tells the version.",
		ConstLabels: prometheus.Labels{"version": config.Version},
	})
	build.Set(1)
	for path := range paths {
		m.duration.WithLabelValues(path)
		for _, status := range alwaysThere {
			m.requests.WithLabelValues(path, strconv.Itoa(status))
		}
	}
	m.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.requests, m.duration, build, m)
	return m
}

// Registry is what is measured, for programs that register more.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Handler answers scrapes, without authentication.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.config.Log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
	})
}

// paths are the paths with separate series, because strangers can invent others.
var paths = map[string]bool{protocol.PathAuthorizations: true, protocol.PathReports: true, protocol.PathKeys: true,
	"/healthz": true, "/readyz": true}

// alwaysThere are statuses with series from the start: Prometheus does not see a series begin, so the
// first failure would be in no rate, and no failures would look like no data.
var alwaysThere = []int{http.StatusOK, http.StatusInternalServerError, http.StatusServiceUnavailable}

// Measured measures the requests of a handler.
func (m *Metrics) Measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		if !paths[path] {
			path = "other"
		}
		start, recorder := time.Now(), status.Record(w)
		defer func() {
			m.duration.WithLabelValues(path).Observe(time.Since(start).Seconds())
			m.requests.WithLabelValues(path, strconv.Itoa(recorder.Code())).Inc()
		}()
		next.ServeHTTP(recorder, r)
	})
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("openlts_"+name, help, labels, nil)
}

var (
	authorizations = describe("authorizations_total",
		"Authorizations that were decided on; code 0 is a grant, others are those of refusals.", "code")
	batches = describe("report_batches_total", "Batches of reports that were taken.")
	caught  = describe("panics_total",
		"Panics that were caught, each of which is a bug; the log has the place.", "part")
	reports = describe("reports_accepted_total", "Reports that were accepted, new or not.")

	up         = describe("store_up", "1 if the database could be read, 0 if not.")
	operations = describe("operations_total", "Operations counted, over all times.")
	lost       = describe("lost_units", "Units that devices declared as never to come, over all times.", "cause")
	used       = describe("item_used", "How much of an item is used, in what its charge way counts.", "item",
		"organization")
	quota = describe("item_quota", "The quota of an item; items without one have no such series.", "item",
		"organization")
	exceptions = describe("item_exceptions", "Exceptions of an item since they were cleared last.", "item",
		"organization")
	expires = describe("item_expires_timestamp_seconds", "When an item ends.", "item", "organization")
	items   = describe("items", "Items, those that are over and put away included.")
	omitted = describe("items_omitted", "Items without series of their own, because there are too many.")
	open    = describe("alerts_open", "Alerts that are not over.", "kind")
	space   = describe("disk_free_bytes", "What the disk of the database has left.")
)

// Describe describes what Collect gives.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		authorizations, batches, reports, caught, up, operations, lost, used, quota, exceptions, expires, items,
		omitted, open, space,
	} {
		to <- d
	}
}

// Collect gives what was counted, and what the database says.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	totals := m.config.Outcomes.Totals()
	to <- counter(authorizations, totals.Granted, "0")
	for _, code := range protocol.Refusals() { // from the start, as alwaysThere
		if _, refused := totals.Refused[code]; !refused {
			to <- counter(authorizations, 0, strconv.Itoa(int(code)))
		}
	}
	for code, n := range totals.Refused {
		to <- counter(authorizations, n, strconv.Itoa(int(code)))
	}
	to <- counter(batches, totals.Batches)
	to <- counter(reports, totals.Reports)
	panicked := panics.Counts()
	for _, part := range panics.Parts {
		to <- counter(caught, panicked[part], string(part))
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if now := m.config.Now(); m.stored == nil || now.Sub(m.readAt) >= fresh || now.Before(m.readAt) {
		read, err := m.read(now)
		if err != nil {
			// The other metrics must still be readable; an alert on store_up reports this failure.
			m.config.Log.Warn("metrics of the database could not be read", "error", err)
			read = []prometheus.Metric{gauge(up, 0)}
		}
		m.stored, m.readAt = read, now
	}
	for _, metric := range m.stored {
		to <- metric
	}
}

func counter(d *prometheus.Desc, n int64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(d *prometheus.Desc, n int64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
}

// read reads what the database says.
func (m *Metrics) read(now time.Time) ([]prometheus.Metric, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	s := m.config.Store
	counted, err := s.Statistics(ctx, store.StatisticsQuery{})
	if err != nil {
		return nil, err
	}
	list := []prometheus.Metric{gauge(up, 1), counter(operations, counted.Total)}
	for _, cause := range []string{protocol.LostExpired, protocol.LostRefused, protocol.LostStorage} {
		list = append(list, gauge(lost, counted.Lost[cause], cause))
	}
	all, err := s.Items(ctx, now.Unix())
	if err != nil {
		return nil, err
	}
	shown := all[:min(len(all), maxItems)]
	for _, item := range shown {
		q := policy.Quota(item.Item, policy.Using(item, now))
		list = append(list, gauge(used, q.Used, item.ID, item.Organization),
			gauge(expires, item.ExpiresAt, item.ID, item.Organization))
		if q.Limit >= 0 {
			list = append(list, gauge(quota, q.Limit, item.ID, item.Organization))
		}
		if q.ExceptionsAllowed > 0 {
			list = append(list, gauge(exceptions, q.Exceptions, item.ID, item.Organization))
		}
	}
	list = append(list, gauge(items, int64(len(all))), gauge(omitted, int64(len(all)-len(shown))))
	byKind, err := alerts.CountOpen(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, rule := range alerts.Defaults() {
		byKind[rule.Kind] += 0 // so that each kind has a series
	}
	for kind, n := range byKind {
		list = append(list, gauge(open, n, string(kind)))
	}
	if disk, ok := s.(store.Disk); ok {
		free, err := disk.Space()
		if err != nil {
			return nil, err
		}
		list = append(list, gauge(space, free))
	}
	return list, nil
}
