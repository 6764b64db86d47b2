package license

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport makes the HTTP transport these parameters ask for. It is the
// license's own: nothing of the process's default transport or environment is
// used. Close it with CloseIdleConnections.
//
// The transport is never nil, so that it may be closed by who keeps it as an
// http.RoundTripper: a nil pointer in there is none, and calling it would panic.
func NewTransport(p *Parameters) (*http.Transport, error) {
	// The host's program may set a proxy; its environment is not our interface.
	transport := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: p.RequestTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   p.RequestTimeout,
		ResponseHeaderTimeout: p.RequestTimeout,
		MaxIdleConns:          2,
		IdleConnTimeout:       time.Minute,
		// HTTP/1.1 only: a request every few minutes gains nothing from HTTP/2, which
		// build/library leaves out.
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if p.ProxyURL != "" {
		proxy, err := url.Parse(p.ProxyURL)
		if err != nil {
			return transport, invalid("proxyURL is not a URL")
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	var err error
	transport.TLSClientConfig.RootCAs, err = roots(p)
	return transport, err
}
