package trial

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// judgedClient is what comes out of the driver of that name.
func judgedClient(t *testing.T, name string, only ...string) *Report {
	t.Helper()
	var log bytes.Buffer
	report, err := Client(t.Context(), ClientOptions{
		Listener: listen(
			t,
		),
		Driver: []string{"/usr/bin/env", asDriver + "=" + name, os.Args[0]},
		Log:    &log,
		Only:   only,
	})
	if err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Logf("the driver's log: %s", &log)
	}
	return report
}

func TestOurClient(t *testing.T) {
	report := judgedClient(t, "ours")
	for _, v := range report.Verdicts {
		if v.Outcome != Passed {
			t.Errorf("%s: %s: %s", v.Scenario, v.Outcome, v.Reason)
		}
	}
	if report.Passed != len(clientScenes) {
		t.Errorf("%d of %d passed", report.Passed, len(clientScenes))
	}
}

// Each way to be wrong is found by the scenario that is about it, which says why; one that
// is not wrong there passes.
func TestBrokenClients(t *testing.T) {
	for defect, found := range map[string]struct{ scenario, why string }{
		"none":                       {"record", ""},
		"the same nonce":             {"runs", "a nonce that came before"},
		"no MAC":                     {"record", "without key or MAC"},
		"slots of its own":           {"record", "does not begin at a multiple"},
		"one run for all":            {"runs", "as 1 run"},
		"counts by itself":           {"revisions", "accepted, and should be"},
		"writes at the end":          {"kill", "accepted, and should be"},
		"forgets what is left":       {"kill", "accepted, and should be"},
		"believes any answer":        {"forged_receipt", "accepted, and should be"},
		"never asks anew":            {"forgotten_key", "accepted, and should be"},
		"takes nothing for final":    {"exception_final", "accepted, and should be"},
		"believes anybody's refusal": {"forged_refusal", "ended with -20101"},
		"ignores refusals":           {"refused", "ended with ok"},
		"follows redirects":          {"redirect", "it was redirected to"},
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			only := []string{
				"record",
				"revisions",
				"runs",
				"kill",
				"refused",
				"redirect",
				"forged_refusal",
				"forged_receipt",
				"server_failed",
			}
			if defect != "none" {
				only = []string{found.scenario}
			}
			for _, v := range judgedClient(t, defect, only...).Verdicts {
				if defect == "none" && v.Outcome != Passed || defect != "none" && v.Outcome != Failed ||
					!strings.Contains(v.Reason, found.why) {
					t.Errorf("%s %s: %q, want %q in it", v.Scenario, v.Outcome, v.Reason, found.why)
				}
			}
		})
	}
}

// A driver that is none fails everything, and ends nothing.
func TestDriversThatAreNone(t *testing.T) {
	for name, command := range map[string][]string{
		"not there": {"/nothing/like/that"}, "ends at once": {"/bin/true"}, "fails": {"/bin/false"},
		"talks": {"/usr/bin/yes", "maybe"},
	} {
		report, err := Client(
			t.Context(),
			ClientOptions{Listener: listen(t), Driver: command, Log: io.Discard, Only: []string{"record", "kill"}},
		)
		if err != nil || report.Failed != 2 {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	if _, err := Client(t.Context(), ClientOptions{Listener: listen(t), Only: []string{"nothing"}}); err == nil {
		t.Error("there is a scenario called nothing")
	}
}

// By hand: addresses that no client asked are skipped, requests are judged, and garbage is reported.
func TestByHand(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listener, instructions := listen(t), &bytes.Buffer{}
	type outcome struct {
		report *Report
		err    error
	}
	ended := make(chan outcome)
	go func() {
		report, err := Client(ctx, ClientOptions{Listener: listener, Instructions: instructions})
		ended <- outcome{report, err}
	}()
	base := "http://" + listener.Addr().String()
	hand := &naive{}
	if err := hand.open(base+"/record", "", ClientCode, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]uint32{"QR_CODE": 3, "EAN_13": 2} {
		if err := hand.record(name, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := hand.close(); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "hello", "{}", `{"protocol":2,"nonce":"x"}`, "openlts/1 x\n", "openlts/1\n{}"} {
		for _, path := range []string{"/v1/authorizations", "/v1/reports", "/v1/keys", "/x"} {
			response, err := http.Post(base+"/revisions"+path, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
	cancel()
	got := <-ended
	if got.err != nil || got.report.Passed != 1 || got.report.Failed != 1 ||
		got.report.Skipped != len(clientScenes)-2 {
		t.Fatalf("%+v, %v", got.report, got.err)
	}
	i := slices.IndexFunc(got.report.Verdicts, func(v Verdict) bool { return v.Outcome == Failed })
	if v := got.report.Verdicts[i]; v.Scenario != "revisions" || !strings.Contains(v.Reason, "not JSON") {
		t.Errorf("%+v", v)
	}
	if text := instructions.String(); !strings.Contains(text, "main server "+base+"/record,") ||
		!strings.Contains(text, "fails with -20101") {
		t.Error(text)
	}
}
