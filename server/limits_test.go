package server_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// Passwords and codes can't be guessed at any speed, nobody can fill the list of
// denials, and a device can't send more than it has to say.
func TestLimits(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "locked", SessionPassword: "s3cret"})
	l.item(t, store.Item{ID: "locked", Quota: 100}, "100001-locked")
	lts, err := server.New(t.Context(), server.Config{Store: l.store, Now: l.clock, Log: l.log, Limits: &server.Limits{
		Authorizations: 10, Guesses: 1, Reports: 2, Loopback: true,
	}})
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
	limited := func(err error) bool {
		t.Helper()
		if err == nil {
			return false
		}
		p := problem(t, err)
		return p.Code == protocol.StatusRequestRateLimited && p.Status == http.StatusTooManyRequests
	}
	guess := func(n int) (answered int) {
		for i := range n {
			device := servertest.NewDevice(web.URL)
			request := device.Request([]string{"100001-locked", "100001-guess" + strconv.Itoa(i)}[i%2])
			request.SessionPassword = "guess " + strconv.Itoa(i)
			if _, err := device.Authorize(request); !limited(err) {
				answered++
			}
		}
		return answered
	}
	if n := guess(80); n != 50 {
		t.Errorf("%d guesses were answered", n)
	}
	device := servertest.NewDevice(web.URL)
	right := device.Request("100001-locked")
	right.SessionPassword = "s3cret"
	if _, err := device.Authorize(right); !limited(err) {
		t.Errorf("the right one among too many wrong ones: %v", err)
	}
	l.advance(3 * time.Second)
	if n := guess(10); n != 3 {
		t.Errorf("%d guesses were answered after 3 s", n)
	}
	denials, err := l.store.Denials(t.Context(), 1000)
	if err != nil || len(denials) != 53 {
		t.Errorf("%d denials, %v", len(denials), err)
	}

	l.advance(time.Minute)
	if _, err := device.Authorize(right); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for range 50 {
		_, err := device.Report(device.Batch(group(uuid.NewString(), "100001-locked", "locked",
			protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}})))
		if err == nil {
			sent++
		} else if !limited(err) {
			t.Fatal(err)
		}
	}
	if sent != 40 {
		t.Errorf("%d batches were taken at once", sent)
	}
	granted := 0
	for range 300 {
		if _, err := device.Authorize(right); err == nil {
			granted++
		}
	}
	if granted != 199 { // with the one before
		t.Errorf("%d authorizations were granted at once", granted)
	}
}
