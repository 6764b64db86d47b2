package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/memory"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/records"
)

// figure is how long a view takes.
type figure struct {
	Name, Path string
	First      time.Duration // the median of when the answer begins
	Median     time.Duration // of when it is whole
	// Processor is the median of the time it takes this process, in which the server is,
	// and SQLite; not PostgreSQL.
	Processor time.Duration
	Bytes     int64
}

// goal is what no view should take longer than.
const goal = 200 * time.Millisecond

// visitor looks at a server.
type visitor struct {
	ctx    context.Context
	client *http.Client
	url    string
	token  string
}

// look serves a database, and measures the views of it.
func look(ctx context.Context, name string, o *options) (list []figure, err error) {
	memory.Tune()
	s, err := database.Open(ctx, name, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	lts, err := server.New(ctx, server.Config{
		Store: s, Log: slog.New(slog.DiscardHandler), Pages: &server.PagesConfig{Version: "benchmark"},
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lts.Shutdown(context.WithoutCancel(ctx))) }()
	listener := httptest.NewServer(lts.Handler())
	defer listener.Close()
	desk := &administration.Administrator{Store: s, Now: time.Now, Actor: "benchmark"}
	v := &visitor{ctx: ctx, url: listener.URL}
	if err := v.signIn(desk); err != nil {
		return nil, err
	}
	views, err := v.views(desk, strings.Split(o.zones, ","))
	if err != nil {
		return nil, err
	}
	for _, view := range views {
		if !strings.Contains(view.Name, o.only) {
			continue
		}
		var first, whole, processor []time.Duration
		for range o.rounds {
			before := processorTime()
			began, answered, bytes, err := v.get(view.Path)
			processor = append(processor, processorTime()-before)
			if err != nil {
				return nil, err
			}
			first, whole, view.Bytes = append(first, began), append(whole, answered), bytes
			if answered > hopeless {
				break // once more would tell nothing more
			}
		}
		view.First, view.Median, view.Processor = median(first), median(whole), median(processor)
		if view.Median > goal {
			fmt.Fprintf(os.Stderr, "%.1f ms, %.1f of the processor: %s\n", milliseconds(view.Median),
				milliseconds(view.Processor), view.Name)
		}
		list = append(list, view)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no view has %q in its name", o.only)
	}
	return list, nil
}

// hopeless is how long a view takes that is looked at no more.
const hopeless = 2 * time.Second

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// signIn makes an account and a token for the benchmark.
func (v *visitor) signIn(desk *administration.Administrator) (err error) {
	name, password := "benchmark-"+strconv.FormatInt(time.Now().UnixNano(), 36), "correct horse battery"
	if _, err := desk.AddAccount(v.ctx,
		administration.AccountInput{Name: name, Role: administration.Owner, Password: password}); err != nil {
		return err
	}
	in := administration.TokenInput{
		Name: name, Scope: administration.ScopeRead, ExpiresAt: time.Now().Add(24 * time.Hour).Unix(),
	}
	if _, v.token, err = desk.AddToken(v.ctx, in); err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	v.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	form := url.Values{"action": {"sign-in"}, "name": {name}, "password": {password}}
	request, err := http.NewRequestWithContext(v.ctx, http.MethodPost, v.url+"/sign-in",
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("signing in: %s", response.Status)
	}
	return nil
}

// get reads a page, or an answer of the API.
func (v *visitor) get(path string) (first, whole time.Duration, bytes int64, err error) {
	request, err := http.NewRequestWithContext(v.ctx, http.MethodGet, v.url+path, nil)
	if err != nil {
		return 0, 0, 0, err
	}
	if strings.HasPrefix(path, "/api/") {
		request.Header.Set("Authorization", "Bearer "+v.token)
	}
	began := time.Now()
	response, err := v.client.Do(request)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var start [256]byte
	n, err := io.ReadAtLeast(response.Body, start[:], 1)
	first = time.Since(began)
	if err == nil {
		bytes, err = io.Copy(io.Discard, response.Body)
	}
	if whole = time.Since(began); response.StatusCode != http.StatusOK {
		return 0, 0, 0, fmt.Errorf("%s: %s: %.300s", path, response.Status, start[:n])
	}
	return first, whole, bytes + int64(n), err
}

// views are what is looked at: each page, and of the statistics each measure over each
// length of time, in each of some time zones.
func (v *visitor) views(desk *administration.Administrator, zones []string) (list []figure, err error) {
	devices, err := desk.Devices(v.ctx, administration.Selection{Limit: 1, Sort: "seen"})
	if err != nil {
		return nil, err
	}
	device := devices.Items[0].UUID
	items, err := desk.Items(v.ctx, administration.Selection{Limit: 1, Text: "history-0-0"})
	if err != nil {
		return nil, err
	}
	if len(items.Items) == 0 {
		return nil, errors.New("there is no history in this database")
	}
	item, code := items.Items[0].ID, items.Items[0].Handshakes[0]
	organization := items.Items[0].Organization
	add := func(name, path string, query ...string) {
		q := url.Values{}
		for i := 0; i+1 < len(query); i += 2 {
			q.Add(query[i], query[i+1])
		}
		if len(q) > 0 {
			path += "?" + q.Encode()
		}
		list = append(list, figure{Name: name, Path: path})
	}
	for _, page := range []string{
		"/", "/items", "/items/" + item, "/codes", "/codes/" + code, "/organizations", "/organizations/" + organization,
		"/devices", "/devices/" + device, "/denials", "/anomalies", "/audit", "/alerts", "/settings",
	} {
		add("page "+page, page)
	}
	add("page /devices, searched", "/devices", "q", "station 2")
	add("page /devices, of an organization", "/devices", "org", organization)
	add("page /devices, by name", "/devices", "sort", "name")
	add("page /denials, searched", "/denials", "q", "station")
	add("page /anomalies, of an organization", "/anomalies", "org", organization)
	for _, zone := range zones {
		for _, measure := range []string{"operations", "devices", "concurrent", "denials"} {
			for _, span := range [][2]string{{"today", "hour"}, {"30d", "day"}, {"year", "day"}, {"year", "month"}} {
				add("statistics, "+measure+", "+span[0]+" by "+span[1]+", "+zone, "/statistics", "measure", measure,
					"range", span[0], "per", span[1], "tz", zone)
			}
		}
		add("statistics, an item's operations, year by day, "+zone, "/statistics", "range", "year", "per", "day",
			"item", item, "tz", zone)
		add("statistics, a code's devices, year by day, "+zone, "/statistics", "measure", "devices", "range", "year",
			"per", "day", "handshake", code, "tz", zone)
		add("statistics, an organization's seats, year by day, "+zone, "/statistics", "measure", "concurrent", "range",
			"year", "per", "day", "org", organization, "tz", zone)
		add("statistics, devices of a type, year by month, "+zone, "/statistics", "measure", "devices", "range", "year",
			"per", "month", "types", "QR_CODE", "tz", zone)
		add("statistics, 30 days by slot, "+zone, "/statistics", "range", "30d", "per", "slot", "tz", zone)
		add("statistics as CSV, year by day, "+zone, "/statistics", "range", "year", "per", "day", "format",
			"csv", "tz", zone)
		location, err := time.LoadLocation(zone)
		if err != nil {
			return nil, err
		}
		now := time.Now().In(location)
		day := func(back int) time.Time {
			return time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, location)
		}
		for _, span := range []struct {
			name        string
			start, ends time.Time
		}{{"a day", day(40), day(39)}, {"yesterday", day(1), day(0)}, {"a month", day(60), day(30)},
			{"a year", day(364), day(0)}} {
			start, end := strconv.FormatInt(span.start.Unix(), 10), strconv.FormatInt(span.ends.Unix(), 10)
			add("devices behind "+span.name+", "+zone, "/statistics/devices", "start", start, "end", end, "tz", zone)
			add("reports behind "+span.name+", "+zone, "/statistics/reports", "start", start, "end", end, "tz", zone,
				"device", device)
		}
		since := day(364).Format(time.DateOnly)
		for _, by := range []string{"type", "day,item", "month,handshake,item,type", "device", "month,device"} {
			add("api, year by "+by+", "+zone, "/api/v1/statistics", "by", by, "since", since, "zone", zone)
		}
		add("api, devices, year by month and item, "+zone, "/api/v1/statistics", "measure", "devices", "by",
			"month,item", "since", since, "zone", zone)
		add("api, seats, year by month and item, "+zone, "/api/v1/statistics", "measure", "concurrent", "by",
			"month,item", "since", since, "zone", zone)
		add("api, year by day as CSV, "+zone, "/api/v1/statistics", "by", "day,type", "since", since, "zone", zone,
			"format", "csv")
	}
	for _, path := range []string{"organizations", "handshakes", "items", "devices", "denials", "anomalies", "audit",
		"alerts/history"} {
		add("api, "+path, "/api/v1/"+path, "limit", strconv.Itoa(records.MaxLimit))
	}
	add("api, alerts", "/api/v1/alerts")
	return list, nil
}

// show prints the views, the slowest first.
func show(store string, list []figure) {
	fmt.Printf("\n%-70s %8s %8s %9s %9s\n", store+", median ms", "first", "whole", "processor", "bytes")
	for _, f := range slices.SortedStableFunc(slices.Values(list), func(a, b figure) int {
		return cmp.Compare(b.Median, a.Median)
	}) {
		mark := ""
		if f.Median > goal {
			mark = "  over 200 ms"
		}
		fmt.Printf("%-70s %8.1f %8.1f %9.1f %9d%s\n", f.Name, milliseconds(f.First), milliseconds(f.Median),
			milliseconds(f.Processor), f.Bytes, mark)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func slowest(list []figure) figure {
	return slices.MaxFunc(list, func(a, b figure) int { return cmp.Compare(a.Median, b.Median) })
}
