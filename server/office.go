package server

import (
	"crypto/ed25519"
	"net/http"
	"strings"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/pages"
)

// newOffice makes the handler of what is for those who run the server: the pages.
func newOffice(config Config, public ed25519.PublicKey) (http.Handler, error) {
	desk := &administration.Administrator{Store: config.Store, Now: config.Now, Actor: "server"}
	attempts := administration.NewAttempts()
	return (&pages.Pages{
		Administrator: desk, Attempts: attempts, PublicKey: public, Log: config.Log,
		Version: config.Pages.Version, TrustedOrigins: config.Pages.TrustedOrigins,
	}).Handler()
}

// beside serves pages where they are, and what is for clients elsewhere.
func beside(clients, office http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Who came with a browser to where nothing is, gets a page that says so.
		nowhere := !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != api.PathHealth && r.URL.Path != api.PathReady &&
			strings.Contains(r.Header.Get("Accept"), "text/html")
		if pages.Serves(r.URL.Path) || nowhere {
			office.ServeHTTP(w, r)
			return
		}
		clients.ServeHTTP(w, r)
	})
}
