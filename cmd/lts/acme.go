package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/openlts/openlts/server/store"
)

// acmeFlags tell for which names the server gets certificates by ACME, and from whom.
type acmeFlags struct {
	domains                               []string
	directory, email, ca, cache, listener string
}

func (f *acmeFlags) add(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.domains, "acme-domain", nil,
		"have a certificate for this `name` by ACME, and renew it: HTTPS without certificate files; may be repeated. "+
			"By that you agree to the terms of the authority")
	flags.StringVar(&f.directory, "acme-directory", acme.LetsEncryptURL,
		"the `URL` of the certificate authority's ACME directory")
	flags.StringVar(&f.email, "acme-email", "", "the `address` at which the authority reaches you")
	flags.StringVar(&f.ca, "acme-ca", "", "`file` with the root certificates (PEM) by which an authority of your own "+
		"is known; empty: those of the system")
	flags.StringVar(&f.cache, "acme-cache", "", "the `directory` of account key and certificates; empty: acme in that "+
		"of --data, or the database if that is PostgreSQL")
	flags.StringVar(&f.listener, "acme-http", "",
		"answer the authority at this `address`, too, which it reaches as port 80; others are sent to HTTPS")
}

// on tells whether certificates come from ACME.
func (f *acmeFlags) on() bool { return len(f.domains) > 0 }

// check tells whether the flags make sense, with or without certificate files.
func (f *acmeFlags) check(files bool) error {
	if !f.on() {
		if f.email != "" || f.ca != "" || f.cache != "" || f.listener != "" {
			return errors.New("--acme-domain is missing: the name for which a certificate is had")
		}
		return nil
	}
	if files {
		return errors.New("--acme-domain and --tls-cert are two ways to the same thing; give one of them")
	}
	for _, domain := range f.domains {
		if net.ParseIP(domain) != nil || !strings.Contains(strings.Trim(domain, "."), ".") ||
			strings.ContainsAny(domain, "*:/ ") {
			return fmt.Errorf("--acme-domain %q is not the full name of a host, such as lts.example.com", domain)
		}
	}
	if !strings.HasPrefix(f.directory, "https://") {
		return fmt.Errorf("--acme-directory %q is not a URL that begins with https://", f.directory)
	}
	return nil
}

// acmeTimeout is how long one request to the authority may take.
const acmeTimeout = 30 * time.Second

// keep returns where certificates are stored: in a directory that only the server's account can
// read, or in the database if that has no directory. data is the directory of the database.
func (f *acmeFlags) keep(data string, s store.Store) (autocert.Cache, error) {
	directory := f.cache
	if directory == "" {
		if data == "" {
			return storedCertificates{s}, nil
		}
		directory = filepath.Join(data, "acme")
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("--acme-cache: %w", err)
	}
	return autocert.DirCache(directory), nil
}

// manager returns a manager of certificates.
func (f *acmeFlags) manager(data string, s store.Store) (*autocert.Manager, error) {
	cache, err := f.keep(data, s)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: acmeTimeout}
	if f.ca != "" {
		text, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, fmt.Errorf("--acme-ca: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--acme-ca: there is no certificate (PEM) in %s", f.ca)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: cache, HostPolicy: autocert.HostWhitelist(f.domains...), Email: f.email,
		Client: &acme.Client{DirectoryURL: f.directory, UserAgent: "openlts-lts",
			HTTPClient: &http.Client{Transport: transport, Timeout: acmeTimeout}},
	}, nil
}

// answer answers the authority on a separate listener until ctx ends.
func (f *acmeFlags) answer(ctx context.Context, manager *autocert.Manager, log *slog.Logger) error {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", f.listener)
	if err != nil {
		return fmt.Errorf("listening for the certificate authority: %w; choose another --acme-http address", err)
	}
	challenges := manager.HTTPHandler(nil)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil { // autocert knows names only
			r.Host = host
		}
		challenges.ServeHTTP(w, r)
	})
	answering := &http.Server{
		Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	context.AfterFunc(ctx, func() { _ = answering.Close() }) // nobody waits for an answer
	go func() {
		if err := answering.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the certificate authority is not answered any more", "error", err)
		}
	}()
	log.Info("answering the certificate authority", "address", listener.Addr().String())
	return nil
}

// fetch gets the certificates before the first client connects, so that the log tells at the start
// if this is impossible.
func (f *acmeFlags) fetch(manager *autocert.Manager, log *slog.Logger) {
	for _, domain := range f.domains {
		certificate, err := manager.GetCertificate(&tls.ClientHelloInfo{
			ServerName: domain, SupportedCurves: []tls.CurveID{tls.CurveP256},
			SupportedVersions: []uint16{tls.VersionTLS13},
			SignatureSchemes:  []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			CipherSuites:      []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		if err != nil {
			log.Error("there is no certificate: the authority has to reach this server under the name, at port 443, "+
				"or at port 80 with --acme-http; "+
				"it is asked again when a client connects", "domain", domain, "error", err)
			continue
		}
		log.Info("the certificate is there", "domain", domain, "until", certificate.Leaf.NotAfter.UTC())
	}
}

// url returns the base URL of a server with such a certificate.
func (f *acmeFlags) url(listener net.Addr) string {
	host := f.domains[0]
	if _, port, err := net.SplitHostPort(listener.String()); err == nil && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	return "https://" + host
}
