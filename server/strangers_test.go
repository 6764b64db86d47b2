package server_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/servertest"
)

// A network brings so many devices that were never seen before, and no more; those
// that are known go on.
func TestNewDevicesAreLimited(t *testing.T) {
	l := start(t)
	lts, err := server.New(t.Context(), server.Config{
		Store: l.store, Now: l.clock, Log: l.log, Limits: &server.Limits{Devices: 0.01, Loopback: true},
	})
	check(t, err)
	web := httptest.NewServer(contract(t, lts.Handler()))
	defer func() {
		web.Close()
		check(t, lts.Shutdown(t.Context()))
	}()
	known := servertest.NewDevice(web.URL)
	granted(t, known, "100001-reader")
	granted(t, servertest.NewDevice(web.URL), "100001-reader")
	late := servertest.NewDevice(web.URL)
	for range 3 {
		_, err := late.Authorize(late.Request("100001-reader"))
		if problem(t, err).Code != protocol.StatusRequestRateLimited {
			t.Error(err)
		}
		granted(t, known, "100001-reader")
		// A refusal is told all the same.
		_, err = late.Authorize(late.Request("100001-nobody"))
		if problem(t, err).Code != protocol.StatusHandshakeCodeNotFound {
			t.Error(err)
		}
	}
	devices, err := l.store.Devices(t.Context())
	if err != nil || len(devices) != 2 {
		t.Errorf("%d devices, %v", len(devices), err)
	}
	l.advance(100_000_000_000) // 100 s
	granted(t, late, "100001-reader")
}

// Kinds of anomalies that clients make up share one row.
func TestMadeUpAnomalies(t *testing.T) {
	l := start(t)
	device := l.device()
	for _, kinds := range [][]string{{"a", "b"}, {"c", "ledger-replaced"}} {
		request := device.Request("100001-reader")
		request.Anomalies = kinds
		_, err := device.Authorize(request)
		check(t, err)
	}
	anomalies, err := l.store.Anomalies(t.Context(), 10)
	if err != nil || len(anomalies) != 2 {
		t.Fatalf("%+v, %v", anomalies, err)
	}
	for _, a := range anomalies {
		if a.Kind == "other" && (a.Count != 3 || !strings.HasPrefix(a.Detail, "c")) ||
			a.Kind != "other" && a.Kind != "ledger-replaced" {
			t.Errorf("%+v", a)
		}
	}
}
