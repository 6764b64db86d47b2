package main

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/openlts/openlts/conformance/trial"
)

// A server of ours is what the protocol asks for; where nothing answers, everything fails,
// with an exit status of its own.
func TestConformanceServer(t *testing.T) {
	data := standard(t)
	must(t, data, "handshake", "add", "locked", "--org", "100001", "--session-password", "s3cret")
	must(t, data, "item", "add", "more", "--org", "100001", "--charge-way", "scan", "--quota", "100", "--handshake",
		"100001-locked")
	p := startServer(t, data)
	var report trial.Report
	mustJSON(t, &report, data, "conformance", "server", "--url", p.url, "--handshake", "100001-reader",
		"--org", "100001",
		"--locked", "100001-locked", "--session-password", "s3cret")
	if report.Judged != "server" || report.Passed < 20 || report.Failed != 0 || report.Skipped != 0 {
		t.Errorf("%+v", report)
	}
	out, err := run(data, "conformance", "server", "--url", "http://127.0.0.1:1", "--handshake", "100001-reader")
	var differs differsError
	if !errors.As(err, &differs) || exitStatus(err) != exitDiffers || !strings.Contains(out, "failed  report: ") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := run(data, "conformance", "server", "--url", p.url); err == nil || exitStatus(err) != 1 {
		t.Errorf("without a code: %v", err)
	}
}

// By hand, nobody comes; a driver that is none fails.
func TestConformanceClient(t *testing.T) {
	data := t.TempDir()
	out := must(t, data, "conformance", "client", "--for", "1ms")
	if !strings.Contains(out, "record QR_CODE 3; record EAN_13 2; close") ||
		!strings.Contains(out, "0 passed, 0 failed, ") {
		t.Error(out)
	}
	out, err := run(data, "conformance", "client", "--scenario", "record,kill", "--", "false")
	if exitStatus(err) != exitDiffers || !strings.Contains(out, "failed  kill: ") ||
		!strings.Contains(out, "0 passed, 2 failed") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, bad := range [][]string{{"--scenario", "nothing"}, {"--listen", "nowhere"}, {"--for", "-1s"}} {
		if _, err := run(data, append([]string{"conformance", "client"}, bad...)...); err == nil ||
			exitStatus(err) != 1 {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// The commands of the page work, in its order.
func TestJudgingPage(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("skipped: the page needs bash: %v", err)
	}
	runPage(t, "judging.md", 5, t.TempDir())
}
