// Package server is the License Tracking Server: it authorizes devices, counts what they report,
// and answers over HTTP. The command lts runs it; a Go program may embed it.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/metrics"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/store"
)

// Config says how a server works.
type Config struct {
	// Store stores everything. The caller closes it, after Shutdown.
	Store store.Store
	// Now is the clock; nil: the machine's.
	Now func() time.Time
	// Log is the log, which contains no secrets; nil: slog's default.
	Log *slog.Logger
	// TrustClock makes it serve even if the clock is behind what is stored, because it was wrong
	// before.
	TrustClock bool
	// Limits say how many requests a second are served; nil: no limits.
	Limits *Limits
	// Certificate, if set, makes it HTTPS.
	Certificate *tls.Certificate
	// TLS, if set, makes it HTTPS as well, with certificates that are replaced automatically, like
	// those of ACME.
	TLS *tls.Config
	// WebhookPrivate allows webhooks of alerts to private addresses; see alerts.Network.
	WebhookPrivate bool
	// Pages, if set, serves pages and the API of administration as well.
	Pages *PagesConfig
}

// PagesConfig says how the pages, and the API of administration, are served.
type PagesConfig struct {
	// Apart serves them only by ServeOffice, and not together with the paths for clients.
	Apart bool
	// Version is the version of the program.
	Version string
	// TrustedOrigins may send forms besides the pages themselves; see pages.Pages.
	TrustedOrigins []string
}

// Limits say how many requests a second are served.
type Limits = api.Limits

// DefaultLimits suit a server that anybody can reach.
func DefaultLimits() Limits { return api.DefaultLimits }

// Timeouts of a connection, after which a client that stalls is disconnected.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 120 * time.Second // from the end of the header: a commit lies in between
	idleTimeout       = 3 * time.Minute   // a client submits every 3 minutes
	maxHeaderBytes    = 16 << 10
)

// Server is a License Tracking Server.
type Server struct {
	config  Config
	api     *api.API
	writer  *ingest.Writer
	http    *http.Server
	metrics *metrics.Metrics
	// apart serves the office on a listener of its own.
	apart *http.Server
	// scraped serves metrics on a listener of their own.
	scraped *http.Server
	// background ends the background work.
	background context.CancelFunc
	ended      sync.WaitGroup
	// certificate is the certificate for new connections.
	certificate atomic.Pointer[tls.Certificate]
}

// ErrCutOff is the error of Shutdown if requests did not end in time, usually because clients
// stalled. Everything that was accepted is committed all the same.
var ErrCutOff = errors.New("requests in work were cut off")

// New makes a server over a store, and its keys at the first start. It does not listen yet; see
// Serve and Handler. Call Shutdown at the end.
func New(ctx context.Context, config Config) (*Server, error) {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	keys, err := api.LoadKeys(ctx, config.Store)
	if err != nil {
		return nil, err
	}
	if config.Limits == nil {
		config.Limits = &Limits{}
	}
	outcomes, sender := &outcome.Counter{}, &alerts.Network{Private: config.WebhookPrivate}
	newWriter := ingest.NewWriter
	if config.TrustClock {
		newWriter = ingest.NewTrustingWriter
	}
	writer := newWriter(config.Store, config.Now, config.Log)
	s := &Server{config: config, writer: writer, api: &api.API{
		Store: config.Store, Writer: writer, Keys: keys, Now: config.Now, Log: config.Log, Limits: *config.Limits,
		Outcomes: outcomes,
	}}
	version := ""
	if config.Pages != nil {
		version = config.Pages.Version
	}
	s.metrics = metrics.New(metrics.Config{
		Store: config.Store, Outcomes: outcomes, Now: config.Now, Log: config.Log, Version: version,
	})
	handler, office := s.metrics.Measured(s.api.Handler()), http.NotFoundHandler()
	if config.Pages != nil {
		if office, err = newOffice(config, keys.Public(), sender, s.metrics.Handler()); err != nil {
			writer.Close()
			return nil, err
		}
		if !config.Pages.Apart {
			handler = beside(handler, office)
		}
	}
	if config.Certificate != nil {
		s.SetCertificate(*config.Certificate)
	}
	s.http, s.apart, s.scraped = s.listener(handler), s.listener(office), s.listener(s.MetricsHandler())
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.background = cancel
	if forgetter, ok := config.Store.(store.Forgetter); ok {
		s.ended.Go(func() { s.forgetStrangers(background, forgetter) })
	}
	if folder, ok := config.Store.(store.Folder); ok {
		s.ended.Go(func() { s.fold(background, folder) })
	}
	watch := &alerts.Watch{
		Store: config.Store, Now: config.Now, Sender: sender, Log: config.Log, Holder: uuid.NewString(),
		Outcomes: outcomes, Address: publicAddress(config),
	}
	s.ended.Go(func() { watch.Run(background) })
	pruner := &retention.Pruner{Store: config.Store, Key: keys.Signing, Now: config.Now}
	s.ended.Go(func() { pruner.Run(background, config.Log) })
	return s, nil
}

// listener makes the HTTP server for one listener.
func (s *Server) listener(handler http.Handler) *http.Server {
	answering := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// Messages of net/http itself, about broken connections and the like.
		ErrorLog: slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	switch {
	case s.config.TLS != nil:
		answering.TLSConfig = s.config.TLS.Clone()
	case s.config.Certificate != nil:
		answering.TLSConfig = &tls.Config{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Load(), nil },
			MinVersion:     tls.VersionTLS12,
		}
	}
	return answering
}

// SetCertificate replaces the certificate for new connections, because the old one is about to
// expire. It has no effect on a server without a certificate.
func (s *Server) SetCertificate(certificate tls.Certificate) { s.certificate.Store(&certificate) }

// SetLimits sets other limits for requests from now on.
func (s *Server) SetLimits(limits Limits) { s.api.SetLimits(limits) }

// Refuse makes the server refuse clients with -20100 from now on, for a reason such as
// protocol.ReasonMaintenance; "" ends that. The server still answers health checks.
func (s *Server) Refuse(reason protocol.Reason) { s.api.Refuse(reason) }

// Handler is the server as an HTTP handler, for programs with a listener of
// their own.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// MetricsHandler answers scrapes of Prometheus at metrics.Path without authentication: use it for a
// listener that only those can reach who may see all metrics.
func (s *Server) MetricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+metrics.Path, s.metrics.Handler())
	return mux
}

// Serve answers the connections of a listener until Shutdown, and then returns
// nil. It closes the listener.
func (s *Server) Serve(listener net.Listener) error { return s.serve(s.http, listener) }

// ServeOffice answers the connections of a listener for the pages and the API of
// administration alone, as Serve does.
func (s *Server) ServeOffice(listener net.Listener) error { return s.serve(s.apart, listener) }

// ServeMetrics answers the connections of a listener for metrics alone, as Serve does;
// see MetricsHandler.
func (s *Server) ServeMetrics(listener net.Listener) error { return s.serve(s.scraped, listener) }

func (s *Server) serve(answering *http.Server, listener net.Listener) error {
	listener = &scarceListener{Listener: listener, log: s.config.Log}
	var err error
	if answering.TLSConfig != nil {
		err = answering.ServeTLS(listener, "", "")
	} else {
		err = answering.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
}

// Shutdown stops listening, finishes the current requests until ctx ends, and commits everything
// that was accepted. Afterwards nothing of the server runs.
func (s *Server) Shutdown(ctx context.Context) error {
	s.background()
	err := errors.Join(s.http.Shutdown(ctx), s.apart.Shutdown(ctx), s.scraped.Shutdown(ctx))
	if err != nil {
		// The remaining requests lose their connection. Each is committed as a whole or not at all,
		// and the client will send it again.
		err = errors.Join(fmt.Errorf("%w: %w", ErrCutOff, err), s.http.Close(), s.apart.Close(), s.scraped.Close())
	}
	s.ended.Wait()
	s.writer.Close()
	return err
}
