package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/doctor"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres"
)

// examined are the states that the doctor finds, the worst of each check.
func examined(t testing.TB, data string, arguments ...string) map[string]doctor.State {
	t.Helper()
	out, _ := run(data, append([]string{"doctor", "--json"}, arguments...)...) // an error says what is in it, too
	var findings []doctor.Finding
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&findings); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	states := map[string]doctor.State{}
	for _, f := range findings {
		if states[f.Check] == "" || f.State == doctor.Wrong {
			states[f.Check] = f.State
		}
	}
	return states
}

func TestDoctor(t *testing.T) {
	data := standard(t)
	states := examined(t, data)
	for _, check := range []string{"schema", "clock", "keys"} {
		if states[check] != doctor.OK {
			t.Errorf("%s: %v", check, states)
		}
	}
	if _, err := run(data, "doctor", "--url", "nowhere"); err == nil {
		t.Error("a wrong URL is fine")
	}
	if postgres.IsURL(data) {
		return
	}
	if states["files"] != doctor.OK {
		t.Errorf("%v", states)
	}
	if err := os.Chmod(filepath.Join(data, "lts.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	if states := examined(t, data); states["files"] != doctor.Warning {
		t.Errorf("a database that everybody can read: %v", states)
	}
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	if states := examined(t, data); states["files"] != doctor.Wrong {
		t.Errorf("a directory that everybody can write: %v", states)
	}
}

// What a proxy does wrong is found, each by its own check.
func TestDoctorOfProxies(t *testing.T) {
	data := standard(t)
	p := startServer(t, data)
	device := servertest.NewDevice(p.url)
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	other := startServer(t, standard(t))
	elsewhere, err := url.Parse(other.url)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		rewrite func(*httputil.ProxyRequest)
		wrong   string
	}{
		"a good one":          {func(*httputil.ProxyRequest) {}, ""},
		"drops a header":      {func(r *httputil.ProxyRequest) { r.Out.Header.Del(protocol.HeaderMAC) }, "headers"},
		"changes the host":    {func(r *httputil.ProxyRequest) { r.Out.Host = "inner.example" }, "pages"},
		"leads elsewhere":     {func(r *httputil.ProxyRequest) { r.SetURL(elsewhere) }, "address"},
		"does not strip path": {func(r *httputil.ProxyRequest) { r.Out.URL.Path = "/lts" + r.Out.URL.Path }, "address"},
		"changes bodies": {func(r *httputil.ProxyRequest) {
			if r.In.URL.Path == protocol.PathReports {
				r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(`{"protocol":2147483647}`)), 23
			}
		}, "headers"},
	} {
		proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			test.rewrite(r)
		}})
		states := examined(t, data, "--url", proxy.URL)
		for _, check := range []string{"address", "headers", "pages"} {
			if (states[check] == doctor.Wrong) != (check == test.wrong) {
				t.Errorf("%s: %s is %s", name, check, states[check])
			}
		}
		proxy.Close()
	}
	for header, state := range map[string]doctor.State{"X-Cache": doctor.Warning, "Location": doctor.Wrong} {
		proxy := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
			ModifyResponse: func(r *http.Response) error {
				r.Header.Set(header, "x")
				if header == "Location" {
					r.StatusCode = http.StatusFound
				}
				return nil
			},
		})
		if states := examined(t, data, "--url", proxy.URL); states["address"] != state {
			t.Errorf("a proxy that adds %s: %v", header, states)
		}
		proxy.Close()
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if states := examined(t, data, "--url", gone.URL); states["address"] != doctor.Wrong {
		t.Errorf("%v", states)
	}
}
