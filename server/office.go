package server

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"strings"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/metrics"
	"github.com/openlts/openlts/server/pages"
	"github.com/openlts/openlts/server/rest"
)

// newOffice makes the handler for operators: the pages and the API of administration.
func newOffice(config Config, public ed25519.PublicKey, sender alerts.Sender,
	measured http.Handler) (http.Handler, error) {
	desk := &administration.Administrator{Store: config.Store, Now: config.Now, Actor: "server"}
	attempts := administration.NewAttempts()
	shown, err := (&pages.Pages{
		Administrator: desk, Attempts: attempts, PublicKey: public, Log: config.Log,
		Version: config.Pages.Version, Alerts: sender, TrustedOrigins: config.Pages.TrustedOrigins,
	}).Handler()
	if err != nil {
		return nil, err
	}
	programs := (&rest.API{Administrator: desk, Attempts: attempts, PublicKey: public, Alerts: sender, Log: config.Log,
		Address: pages.Address}).Handler()
	scrapes := &scraping{desk: desk, attempts: attempts, next: measured}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == metrics.Path {
			scrapes.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, rest.Prefix) {
			programs.ServeHTTP(w, r)
			return
		}
		shown.ServeHTTP(w, r)
	}), nil
}

// beside serves the pages on their paths, and everything else to clients.
func beside(clients, office http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A browser at a path where nothing is gets a page that says so.
		nowhere := !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != api.PathHealth &&
			r.URL.Path != api.PathReady &&
			strings.Contains(r.Header.Get("Accept"), "text/html")
		if pages.Serves(r.URL.Path) || strings.HasPrefix(r.URL.Path, rest.Prefix) ||
			r.URL.Path == metrics.Path || nowhere {
			office.ServeHTTP(w, r)
			return
		}
		clients.ServeHTTP(w, r)
	})
}

// publicAddress gives the server's address from the settings.
func publicAddress(config Config) func(context.Context) string {
	desk := &administration.Administrator{Store: config.Store, Now: config.Now, Actor: "server"}
	return func(ctx context.Context) string {
		settings, err := desk.Settings(ctx)
		if err != nil { // a message without a link is better than none
			return ""
		}
		return settings.PublicURL
	}
}
