package license

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// NewTransport makes the HTTP transport these parameters ask for. It is the
// license's own: nothing of the process's default transport or environment is
// used. Close it with CloseIdleConnections.
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
			return nil, invalid("proxyURL is not a URL")
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	if p.CAFile != "" {
		pem, err := os.ReadFile(p.CAFile)
		if err != nil {
			return nil, protocol.Errorf(protocol.StatusInvalidArgument, "caFile can't be read: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, invalid("caFile %.200q holds no certificate in PEM form", p.CAFile)
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	return transport, nil
}
