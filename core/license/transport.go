package license

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// NewTransport makes the HTTP transport for these parameters. It belongs to the license alone and
// uses neither the process's default transport nor its environment. Close it with
// CloseIdleConnections.
//
// The transport is never nil, even after an error: a caller keeps it as an http.RoundTripper, and a
// nil pointer in an interface is not nil, so closing it would panic.
func NewTransport(p *Parameters) (*http.Transport, error) {
	// A host sets a proxy by a parameter, not by the environment.
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
