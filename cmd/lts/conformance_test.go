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
	must(t, data, "item", "add", "more", "--org", "100001", "--charge-way", "scan", "--quota", "100", "--handshake", "100001-locked")
	p := startServer(t, data)
	var report trial.Report
	mustJSON(t, &report, data, "conformance", "server", "--url", p.url, "--handshake", "100001-reader", "--org", "100001",
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

// The commands of the page work, in its order.
func TestJudgingPage(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skipf("skipped: the page needs bash: %v", err)
	}
	runPage(t, "judging.md", 5, t.TempDir())
}
