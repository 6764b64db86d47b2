package main

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/openlts/openlts/server/servertest"
)

// Metrics have a listener of their own if they are asked to, and ask there for nothing.
func TestMetricsListener(t *testing.T) {
	p := startServer(t, standard(t), "--metrics-listen", "127.0.0.1:0")
	get := func(url string) (int, string) {
		t.Helper()
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close() // it was read
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	if code, _ := get(p.url + "/metrics"); code != http.StatusUnauthorized {
		t.Errorf("where clients are: %d", code)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`serving metrics.*url=http://127\.0\.0\.1:[1-9]`).MatchString(p.stderr.String()) {
		t.Errorf("%s", p.stderr)
	}
	address := servertest.Loopback() + ":9090"
	startServer(t, standard(t), "--metrics-listen", address)
	code, text := get("http://" + address + "/metrics")
	if code != http.StatusOK ||
		!strings.Contains(text, `openlts_item_quota{item="scans",organization="100001"} 1e+06`) {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get("http://" + address + "/v1/keys"); code != http.StatusNotFound {
		t.Errorf("metrics' listener serves clients: %d", code)
	}
}
