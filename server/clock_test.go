package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/servertest"
)

// A server whose clock lies years behind what it stored grants and refuses
// nothing, and counts nothing; small corrections don't matter; and if the clock
// was wrong before, it can be told so.
func TestClockBehindWhatIsStored(t *testing.T) {
	l := start(t)
	device := l.device()
	report := func(d *servertest.Device) error {
		_, err := d.Report(d.Batch(group(uuid.NewString(), "100001-reader", "scans",
			protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}})))
		return err
	}
	authorize := func(d *servertest.Device) error { _, err := d.Authorize(d.Request("100001-reader")); return err }
	if err := authorize(device); err != nil {
		t.Fatal(err)
	}
	l.advance(-20 * time.Hour)
	if err := report(device); err != nil {
		t.Errorf("after a correction: %v", err)
	}
	l.advance(-10 * 365 * day)
	for name, err := range map[string]error{
		"known device": authorize(device), "new device": authorize(l.device()),
		"report": report(device),
	} {
		if p := problem(t, err); p.Code != protocol.StatusServerFailed || p.Status != http.StatusServiceUnavailable ||
			p.Refusal != "" ||
			!strings.Contains(p.Detail, "clock") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if denials, err := l.store.Denials(t.Context(), 10); err != nil || len(denials) != 0 {
		t.Errorf("%+v, %v", denials, err)
	}
	if !strings.Contains(l.logged.String(), "--trust-clock") {
		t.Error("the log does not say what to do")
	}

	lts, err := server.New(t.Context(), server.Config{Store: l.store, Now: l.clock, Log: l.log, TrustClock: true})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(contract(t, lts.Handler()))
	defer func() {
		web.Close()
		if err := lts.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	device.BaseURL = web.URL
	if err := report(device); err != nil {
		t.Errorf("with a clock that is trusted: %v", err)
	}
	l.advance(10*365*day + 20*time.Hour)
	device.BaseURL = l.url
	if err := report(device); err != nil {
		t.Errorf("once the clock is right again: %v", err)
	}
}
