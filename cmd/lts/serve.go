package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/crypto/acme/autocert"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/memory"
	"github.com/openlts/openlts/server/standby"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
)

// shutdownTimeout is how long open requests may take at the end.
const shutdownTimeout = 10 * time.Second

type serveFlags struct {
	listen, urlFile, certFile, keyFile, logFormat, logLevel, settings string
	limits                                                            server.Limits
	standbyOf                                                         string
	patience                                                          standby.Patience
	trustClock, maintenance, webhookPrivate                           bool
	adminListen, metricsListen                                        string
	trustedOrigins                                                    []string
	acme                                                              acmeFlags
}

func (a *app) serve() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server until SIGTERM or SIGINT. It then finishes the current requests (those
that stall are cut off after 10 s). On SIGHUP it reads the certificate and the
settings again: the limits, the log level, maintenance and the certificate change at
once, the other settings at the next start.

You may also set each flag by the environment (LTS_LISTEN for --listen) or in the file
that --settings names. A flag takes precedence over the environment, and that over the
file. "lts config check" shows the settings in force.

Use HTTPS wherever the network is not your own: give --tls-cert and --tls-key, or
--acme-domain, with which it gets and renews certificates by itself, or put a reverse
proxy in front. A proxy may serve it under a path (such as /lts/)
if it strips that path.

Several servers may run on one directory, and on several machines on one
PostgreSQL database. With --standby-of, one refuses (-20100) while the main server
answers its health check, and serves when it does not.`,
		Example: `  lts serve --data /var/lib/lts --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem
  lts serve --listen 0.0.0.0:443 --acme-domain lts.example.com --acme-email you@example.com
  lts serve --listen 127.0.0.1:0 --url-file url.txt
  lts serve --database postgres://lts@db.example.com/lts --standby-of https://lts.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, _, err := f.resolve(cmd.LocalNonPersistentFlags())
			if err != nil {
				return err
			}
			var level slog.LevelVar
			log, err := newLog(cmd.ErrOrStderr(), f.logFormat, f.logLevel, &level)
			if err != nil {
				return err
			}
			name, err := a.location.name()
			if err != nil {
				return err
			}
			directory := database.Directory(name)
			return a.withStore(cmd.Context(), true, func(s store.Store) error {
				r := &reloading{data: directory, flags: f, given: given, level: &level, log: log,
					invite: func(office string) error { return a.inviteOwner(cmd, s, office) }}
				return r.serve(cmd.Context(), s)
			})
		},
	}
	f.add(cmd.Flags())
	return cmd
}

// settingsFlag names the settings file.
const settingsFlag = "settings"

// add makes these the flags of a command.
func (f *serveFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.settings, settingsFlag, "",
		"a `file` with lines \"flag = value\"; what is given here comes first; SIGHUP reads it anew")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:48080", "the `address` to listen on; port 0 picks a free one")
	flags.StringVar(&f.urlFile, "url-file", "",
		"write the base URL to this `file` once the server is ready; removed at the end")
	flags.StringVar(&f.certFile, "tls-cert", "", "`file` with the certificate chain (PEM), for HTTPS")
	flags.StringVar(&f.keyFile, "tls-key", "", "`file` with the certificate's key (PEM)")
	f.acme.add(flags)
	flags.StringVar(&f.logFormat, "log-format", "text", "text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "debug (each request), info, warn or error")
	flags.StringVar(&f.adminListen, "admin-listen", "",
		"serve the pages and the API of administration on this `address` alone; off: nowhere")
	flags.StringVar(&f.metricsListen, "metrics-listen", "",
		"serve metrics for Prometheus on this `address`, to everybody who can reach it")
	flags.StringSliceVar(&f.trustedOrigins, "trusted-origin", nil,
		"an `origin` whose forms are taken for the pages' own, where a proxy changes the Host header; may be repeated")
	limits := server.DefaultLimits()
	for _, limit := range []struct {
		name  string
		value *float64
		most  float64
		what  string
	}{
		{"limit-authorizations", &f.limits.Authorizations, limits.Authorizations,
			"authorizations a second of one network (IPv4 /24, IPv6 /48); 0: no `limit`"},
		{"limit-code", &f.limits.PerCode, limits.PerCode,
			"authorizations a second under one handshake code; 0: no `limit`"},
		{"limit-guesses", &f.limits.Guesses, limits.Guesses,
			"wrong codes and passwords a second of one network; 0: no `limit`"},
		{"limit-devices", &f.limits.Devices, limits.Devices,
			"devices a second that were never seen before, of one network; 0: no `limit`"},
		{"limit-reports", &f.limits.Reports, limits.Reports, "report batches a second of one device; 0: no `limit`"},
	} {
		flags.Float64Var(limit.value, limit.name, limit.most, limit.what)
	}
	flags.StringVar(&f.standbyOf, "standby-of", "", "the `URL` of the main server: serve only while it does not")
	flags.DurationVar(&f.patience.TakeOver, "standby-after", standby.Usual().TakeOver,
		"how long the main server must not answer before a standby server serves")
	flags.DurationVar(&f.patience.GiveBack, "standby-back", standby.Usual().GiveBack,
		"how long the main server must answer before a standby server refuses again")
	flags.BoolVar(&f.trustClock, "trust-clock", false,
		"serve also if the clock is behind what is stored, because it was wrong before")
	flags.BoolVar(&f.maintenance, "maintenance", false,
		"turn clients away (-20100): they ask the standby server, or go on with what they were granted")
	flags.BoolVar(&f.webhookPrivate, webhookPrivateFlag, false, webhookPrivateHelp)
	flags.BoolVar(&f.limits.Loopback, "limit-loopback", false, "limit this machine, too")
}

func newLog(w io.Writer, format, level string, at *slog.LevelVar) (*slog.Logger, error) {
	l, err := parseLevel(level)
	if err != nil {
		return nil, err
	}
	at.Set(l)
	options := slog.HandlerOptions{Level: at}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, &options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &options)), nil
	}
	return nil, fmt.Errorf("--log-format %q is not text or json", format)
}

func parseLevel(level string) (l slog.Level, err error) {
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return l, fmt.Errorf("--log-level %q is not debug, info, warn or error", level)
	}
	return l, nil
}

// off is the --admin-listen of a server without pages.
const off = "off"

// check tells whether the flags make sense.
func (f *serveFlags) check() error {
	for _, limit := range []float64{f.limits.Authorizations, f.limits.PerCode, f.limits.Guesses, f.limits.Devices,
		f.limits.Reports} {
		if !(limit >= 0 && limit <= 1e6) {
			return fmt.Errorf("a limit is from 0 to 1000000, not %g", limit)
		}
	}
	if (f.certFile == "") != (f.keyFile == "") {
		return errors.New("--tls-cert and --tls-key belong together; one of them is missing")
	}
	if err := f.acme.check(f.certFile != ""); err != nil {
		return err
	}
	if f.standbyOf != "" {
		if err := errors.Join(standby.CheckURL(f.standbyOf), f.patience.Check()); err != nil {
			return fmt.Errorf("--standby-of: %w", err)
		}
	}
	return nil
}

// checkAll also tells whether the files that the flags name can be used.
func (f *serveFlags) checkAll() error {
	var level slog.LevelVar
	_, err := newLog(io.Discard, f.logFormat, f.logLevel, &level)
	if err := errors.Join(err, f.check()); err != nil {
		return err
	}
	addresses := map[string]string{"listen": f.listen, "metrics-listen": f.metricsListen, "acme-http": f.acme.listener}
	if f.adminListen != off {
		addresses["admin-listen"] = f.adminListen
	}
	for flag, address := range addresses {
		if address == "" {
			continue
		}
		if _, err := net.ResolveTCPAddr("tcp", address); err != nil {
			return fmt.Errorf("--%s %q is not an address such as 0.0.0.0:443: %w", flag, address, err)
		}
	}
	protection := http.NewCrossOriginProtection()
	for _, origin := range f.trustedOrigins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("--trusted-origin %q: %w; give for example https://lts.example.com", origin, err)
		}
	}
	if f.certFile != "" {
		if _, err := tls.LoadX509KeyPair(f.certFile, f.keyFile); err != nil {
			return fmt.Errorf("loading the certificate: %w", err)
		}
	}
	return nil
}

func (r *reloading) serve(ctx context.Context, s store.Store) (err error) {
	f, log := r.flags, r.log
	if err := f.check(); err != nil {
		return err
	}
	config := server.Config{
		Store: s, Log: log, Limits: &f.limits, TrustClock: f.trustClock, WebhookPrivate: f.webhookPrivate,
	}
	if f.adminListen != off {
		config.Pages = &server.PagesConfig{
			Apart: f.adminListen != "", Version: version(), TrustedOrigins: f.trustedOrigins,
		}
	}
	scheme := "http"
	if f.certFile != "" {
		certificate, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
		if err != nil {
			return fmt.Errorf("loading the certificate: %w", err)
		}
		config.Certificate, scheme = &certificate, "https"
	}
	var manager *autocert.Manager
	if f.acme.on() {
		if manager, err = f.acme.manager(r.data, s); err != nil {
			return err
		}
		config.TLS = manager.TLSConfig()
		config.TLS.MinVersion, scheme = tls.VersionTLS12, "https"
	}
	if f.urlFile != "" {
		// This may be the address of a server that was killed.
		if err := os.Remove(f.urlFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listening: %w; choose another --listen address", err)
	}
	memory.Tune()
	lts, err := server.New(ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	// Before it listens to anybody.
	r.gate = &gate{refuse: lts.Refuse, standby: f.standbyOf != ""}
	r.gate.setMaintenance(f.maintenance)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.standbyOf != "" {
		go standby.Watch(ctx, f.standbyOf, f.patience, http.DefaultClient, log, func(serves bool) {
			r.gate.setStandby(!serves)
		})
	}
	hangUps := make(chan os.Signal, 1)
	signal.Notify(hangUps, syscall.SIGHUP)
	defer signal.Stop(hangUps)
	go func() {
		for {
			select {
			case <-hangUps:
				r.reload(lts)
			case <-ctx.Done():
				return
			}
		}
	}()
	waiting := systemd()
	address := baseURL(scheme, listener.Addr())
	if manager != nil {
		address = f.acme.url(listener.Addr())
		if f.acme.listener != "" {
			if err := f.acme.answer(ctx, manager, log); err != nil {
				return errors.Join(err, listener.Close(), lts.Shutdown(ctx))
			}
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- lts.Serve(listener) }()
	office := address
	for _, further := range []struct {
		flag, address, what string
		serve               func(net.Listener) error
		at                  *string
	}{
		{"admin-listen", apartAddress(config.Pages, f.adminListen), "pages", lts.ServeOffice, &office},
		{"metrics-listen", f.metricsListen, "metrics", lts.ServeMetrics, new(string)},
	} {
		if further.address == "" {
			continue
		}
		listener, err := listening.Listen(ctx, "tcp", further.address)
		if err != nil {
			err = fmt.Errorf("listening for the %s: %w; choose another --%s address", further.what, err, further.flag)
			return errors.Join(err, lts.Shutdown(ctx), <-ended)
		}
		*further.at = baseURL(scheme, listener.Addr())
		log.Info("serving "+further.what, "url", *further.at)
		served := make(chan struct{})
		go func() {
			defer close(served)
			if err := further.serve(listener); err != nil {
				log.Error("the "+further.what+" are not served any more", "error", err)
			}
		}()
		defer func() { <-served }()
	}
	if manager != nil {
		go f.acme.fetch(manager, log)
	}
	log.Info("serving", "url", address, "pid", os.Getpid())
	if f.urlFile != "" {
		// Connections wait in the listener from here on: the server is ready.
		if err = writeFileAtomically(f.urlFile, address+"\n"); err != nil {
			err = fmt.Errorf("writing the base URL: %w", err)
		}
		defer func() { err = errors.Join(err, os.Remove(f.urlFile)) }()
	}
	if err == nil && config.Pages != nil {
		err = r.invite(office)
		switch {
		case ctx.Err() != nil:
			err = nil // who ends the server just now did not ask for a link
		case errors.Is(err, store.ErrUnavailable):
			log.Warn("there is no account yet, and no link to make one; `lts account add` makes one, once the "+
				"database takes changes", "error", err)
			err = nil
		}
	}
	if err == nil {
		err = waiting.tell("READY=1\nSTATUS=serving at " + address)
	}
	if err == nil {
		go waiting.watch(ctx, func() bool { return answers(lts.Handler(), api.PathHealth) },
			func(err error) { log.Warn("the watchdog could not be told", "error", err) })
		select {
		case <-ctx.Done():
			log.Info("shutting down")
		case err = <-ended:
			ended <- nil
		}
	}
	if err := waiting.tell("STOPPING=1"); err != nil {
		log.Warn("shutting down", "error", err)
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer stop()
	shutdown := lts.Shutdown(grace)
	if errors.Is(shutdown, server.ErrCutOff) {
		// A client that stalls does not make an orderly end a failure.
		log.Warn("shutting down", "error", shutdown)
		shutdown = nil
	}
	err = errors.Join(err, shutdown, <-ended)
	log.Info("ended")
	return err
}

// apartAddress returns the separate address of the pages; "": they have none.
func apartAddress(pages *server.PagesConfig, address string) string {
	if pages == nil || !pages.Apart {
		return ""
	}
	return address
}

// inviteOwner prints a link that makes the first account, if there is none yet.
func (a *app) inviteOwner(cmd *cobra.Command, s store.Store, office string) error {
	secret, err := a.administrator(s).SetUpLink(cmd.Context())
	if err != nil || secret == "" {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), `
The pages of this server have no account yet. Open this link within a day to make
the first one; it works once:

  %s/set-up?token=%s

`, office, secret)
	return err
}

// baseURL returns the URL of a listener, as seen from this machine.
func baseURL(scheme string, address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil { // not a TCP address
		return scheme + "://" + address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// writeFileAtomically writes a file so that a reader sees either all of its content or no file.
func writeFileAtomically(path, content string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
