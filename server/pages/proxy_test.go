package pages_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// sees signs in at an address, and looks at some pages as a browser does: by the links
// and redirections it is given.
func (o *office) sees(t *testing.T, transport http.RoundTripper, base string, https bool) {
	t.Helper()
	v := o.visitor(t)
	v.url, v.Transport = base, transport
	response, _ := v.get(t, "/items/scans")
	where := must[*url.URL](t)(response.Request.URL.Parse(response.Header.Get("Location")))
	if !strings.HasPrefix(where.String(), base+"/sign-in?next=") {
		t.Fatalf("a stranger is led to %s", where)
	}
	response, _ = v.post(t, strings.TrimPrefix(where.String(), base), url.Values{
		"action": {"sign-in"}, "name": {"olga"}, "password": {password},
	})
	cookie := response.Header.Get("Set-Cookie")
	if https != strings.HasPrefix(cookie, "__Host-openlts=") || https != strings.Contains(cookie, "; Secure") ||
		!strings.Contains(cookie, "Path=/;") {
		t.Errorf("the cookie is %q", cookie)
	}
	if got := response.Header.Get("Strict-Transport-Security") != ""; got != https {
		t.Errorf("strict transport security: %t", got)
	}
	where = must[*url.URL](t)(response.Request.URL.Parse(response.Header.Get("Location")))
	if where.String() != base+"/items/scans" {
		t.Fatalf("%d leads to %s", response.StatusCode, where)
	}
	for _, path := range []string{"/", "/items/scans", "/organizations/100001/statements/" + closedMonth(),
		"/statistics"} {
		response, body := v.get(t, path)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "</html>") {
			t.Fatalf("%s: %d %s", path, response.StatusCode, body)
		}
		for _, attribute := range []string{` href="`, ` src="`, ` action="`} {
			for part := range strings.SplitSeq(body, attribute) {
				link, _, _ := strings.Cut(part, `"`)
				if strings.HasPrefix(link, "<") {
					continue
				}
				target := must[*url.URL](t)(response.Request.URL.Parse(link))
				if !strings.HasPrefix(target.String(), base) {
					t.Errorf("%s leads to %s", path, target)
				}
			}
		}
	}
	if response, _ := v.get(t, "/assets/style.css"); response.StatusCode != http.StatusOK {
		t.Errorf("the style: %d", response.StatusCode)
	}
	response, _ = v.post(t, "/items/scans", url.Values{"action": {"archive"}})
	where = must[*url.URL](t)(response.Request.URL.Parse(response.Header.Get("Location")))
	if where.String() != base+"/items/scans?done=archived" {
		t.Errorf("%d leads to %s", response.StatusCode, where)
	}
}

// Over HTTPS the cookie is for this host and HTTPS alone; under a path of a proxy every
// link and form stays below it.
func TestBehindProxies(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	proxy := func(prefix string) http.Handler {
		target := must[*url.URL](t)(url.Parse(o.url))
		return http.StripPrefix(prefix, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		}})
	}
	for _, prefix := range []string{"", "/licenses/of"} {
		plain := httptest.NewServer(proxy(prefix))
		t.Cleanup(plain.Close)
		o.sees(t, nil, plain.URL+prefix, false)
		secure := httptest.NewTLSServer(proxy(prefix))
		t.Cleanup(secure.Close)
		transport := secure.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.MinVersion = tls.VersionTLS12
		o.sees(t, transport, secure.URL+prefix, true)
	}
	// The server itself, with a certificate of its own.
	own := httptest.NewTLSServer(o.handler)
	t.Cleanup(own.Close)
	o.sees(t, own.Client().Transport, own.URL, true)
}
