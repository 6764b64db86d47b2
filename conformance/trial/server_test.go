package trial

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/teststore"
)

// office is a server of ours with the fixture, not listening yet, and its X25519 key.
func office(t *testing.T) (http.Handler, *ecdh.PrivateKey) {
	t.Helper()
	ctx := t.Context()
	s, err := sqlite.Open(ctx, teststore.Directory(t), true)
	if err != nil {
		t.Fatal(err)
	}
	desk := &administration.Administrator{Store: s, Now: servertest.Start, Actor: "test"}
	if _, err := desk.AddOrganization(ctx, "Example", "100001"); err != nil {
		t.Fatal(err)
	}
	for _, code := range []administration.HandshakeCode{
		{Organization: "100001", Custom: "reader", Default: true},
		{Organization: "100001", Custom: "locked", SessionPassword: "s3cret"},
	} {
		if _, err := desk.AddHandshakeCode(ctx, code); err != nil {
			t.Fatal(err)
		}
	}
	for id, code := range map[string]string{"scans": "100001-reader", "locked-scans": "100001-locked"} {
		if _, err := desk.AddItem(ctx, store.Item{
			ID:            id,
			Name:          id,
			Organization:  "100001",
			ChargeWay:     protocol.ChargeWayScanCount,
			Products:      protocol.ProductAll,
			Quota:         1_000_000,
			StartsAt:      servertest.Start().Add(-time.Hour).Unix(),
			ExpiresAt:     servertest.Start().AddDate(1, 0, 0).Unix(),
			MaxBufferDays: 30,
		}, []string{code}); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := api.LoadKeys(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	lts, err := server.New(ctx, server.Config{Store: s, Now: servertest.Start, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lts.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return lts.Handler(), keys.Report
}

// judged is what comes out of a server behind this handler.
func judged(t *testing.T, handler http.Handler) *Report {
	t.Helper()
	listener := httptest.NewServer(handler)
	defer listener.Close()
	report, err := Server(t.Context(), ServerOptions{
		URL:             listener.URL + "/",
		HandshakeCode:   "100001-reader",
		OrganizationID:  "100001",
		LockedCode:      "100001-locked",
		SessionPassword: "s3cret",
		Now:             servertest.Start,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestOurServer(t *testing.T) {
	handler, _ := office(t)
	report := judged(t, handler)
	for _, v := range report.Verdicts {
		if v.Outcome != Passed {
			t.Errorf("%s: %s: %s", v.Scenario, v.Outcome, v.Reason)
		}
	}
	if report.Passed != len(serverScenes) || report.Failed+report.Skipped != 0 {
		t.Errorf("%d passed, %d failed, %d skipped", report.Passed, report.Failed, report.Skipped)
	}
}

// answered lets a change be made to each answer.
func answered(next http.Handler, change func(r *http.Request, answer *httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		change(r, recorder)
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// twice counts each report once more, as that of another run.
func twice(next http.Handler, own *ecdh.PrivateKey) http.Handler {
	var mu sync.Mutex
	secrets := map[string][]byte{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var request protocol.AuthorizationRequest
		if json.Unmarshal(body, &request) == nil && r.URL.Path == protocol.PathAuthorizations {
			raw, _ := protocol.Encoding.DecodeString(request.Device.PublicKey)
			if public, err := ecdh.X25519().NewPublicKey(raw); err == nil {
				if secret, id, err := protocol.DeriveReportKey(own, public, own.PublicKey()); err == nil {
					mu.Lock()
					secrets[id] = secret
					mu.Unlock()
				}
			}
		}
		mu.Lock()
		secret := secrets[r.Header.Get(protocol.HeaderKey)]
		mu.Unlock()
		if secret != nil && protocol.EqualMAC(r.Header.Get(protocol.HeaderMAC), protocol.ReportMAC(secret, body)) {
			var batch protocol.ReportBatch
			if json.Unmarshal(body, &batch) == nil {
				for i := range batch.Groups {
					batch.Groups[i].Run = uuid.NewString()
				}
				again, _ := json.Marshal(batch)
				other := r.Clone(r.Context())
				other.Body, other.ContentLength = io.NopCloser(bytes.NewReader(again)), int64(len(again))
				other.Header.Set(protocol.HeaderMAC, protocol.ReportMAC(secret, again))
				next.ServeHTTP(httptest.NewRecorder(), other)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Each way to be wrong is found, by the scenarios that are about it.
func TestBrokenServers(t *testing.T) {
	whenFailed := func(change func(*protocol.Problem)) func(*http.Request, *httptest.ResponseRecorder) {
		return func(_ *http.Request, answer *httptest.ResponseRecorder) {
			var p protocol.Problem
			if answer.Code != http.StatusOK && json.Unmarshal(answer.Body.Bytes(), &p) == nil && p.Code != 0 {
				change(&p)
				text, _ := json.Marshal(p)
				answer.Code, answer.Body = p.Status, bytes.NewBuffer(text)
			}
		}
	}
	for name, broken := range map[string]struct {
		make func(http.Handler, *ecdh.PrivateKey) http.Handler
		fail []string
		why  string // of the first of them
	}{
		"unsigned refusals": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return answered(next, whenFailed(func(p *protocol.Problem) { p.Refusal, p.PublicKey = "", "" }))
		}, []string{"refuse_unknown_code", "refuse_nothing", "refuse_charge_way", "refuse_session_password"},
			"signed: false"},
		"another code": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return answered(next, whenFailed(func(p *protocol.Problem) {
				if p.Code == protocol.StatusRequestNotAuthenticated {
					p.Code = protocol.StatusRequestMalformed
				}
			}))
		}, []string{"report_forged"}, "not by -20192"},
		"another HTTP status": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return answered(next, whenFailed(func(p *protocol.Problem) {
				if p.Status == http.StatusBadRequest {
					p.Status = http.StatusTeapot
				}
			}))
		}, []string{"malformed_authorizations", "malformed_reports"}, "418"},
		"receipts without MAC": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return answered(next, func(_ *http.Request, answer *httptest.ResponseRecorder) {
				answer.Header().Del(protocol.HeaderMAC)
			})
		}, []string{"report", "report_again", "report_lost", "license_closed"}, "verify"},
		"no pages": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return answered(next, func(r *http.Request, answer *httptest.ResponseRecorder) {
				for name := range answer.Header() {
					if strings.HasPrefix(name, "Access-Control-") {
						answer.Header().Del(name)
					}
				}
			})
		}, []string{"cors"}, "origin"},
		"no framing": {func(next http.Handler, _ *ecdh.PrivateKey) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.Header.Get("Content-Type"), protocol.ContentTypeText) {
					w.WriteHeader(http.StatusUnsupportedMediaType)
					return
				}
				next.ServeHTTP(w, r)
			})
		}, []string{"framed", "framed_errors"}, "415"},
		"counts what comes again": {
			twice, []string{"report", "report_again", "report_grows", "report_apart"}, "counted, and not 5",
		},
		"a login page": {func(http.Handler, *ecdh.PrivateKey) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("<html>\x1b[2J log in"))
			})
		}, []string{"keys", "authorize_by_code", "report"}, "log in"},
	} {
		t.Run(name, func(t *testing.T) {
			handler, own := office(t)
			report := judged(t, broken.make(handler, own))
			for _, v := range report.Verdicts {
				if expected := slices.Contains(
					broken.fail,
					v.Scenario,
				); expected != (v.Outcome == Failed) &&
					(expected ||
						name != "a login page" && name != "receipts without MAC" && name != "counts what comes again") {
					t.Errorf("%s: %s, %s", v.Scenario, v.Outcome, v.Reason)
				}
				if v.Scenario == broken.fail[0] && !strings.Contains(v.Reason, broken.why) {
					t.Errorf("%s does not say %q: %s", v.Scenario, broken.why, v.Reason)
				}
				if strings.ContainsRune(v.Reason, '\x1b') {
					t.Errorf("what a terminal obeys is shown: %q", v.Reason)
				}
			}
		})
	}
}

// What is not given is skipped, and told; without a code, nothing can be played.
func TestServerWithoutEverything(t *testing.T) {
	handler, _ := office(t)
	listener := httptest.NewServer(handler)
	defer listener.Close()
	report, err := Server(t.Context(), ServerOptions{
		URL: listener.URL, HandshakeCode: "100001-reader", Now: servertest.Start,
	})
	if err != nil || report.Failed != 0 || report.Skipped != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	var text bytes.Buffer
	if err := report.Write(
		&text,
	); err != nil ||
		!strings.Contains(text.String(), "needs a code with a session password") ||
		!strings.HasSuffix(text.String(), "0 failed, 2 skipped\n") {
		t.Errorf("%v\n%s", err, &text)
	}
	for _, bad := range []ServerOptions{{}, {URL: listener.URL}, {HandshakeCode: "x"}} {
		if _, err := Server(t.Context(), bad); err == nil {
			t.Errorf("%+v is played with", bad)
		}
	}
}
