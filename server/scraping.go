package server

import (
	"net/http"
	"strings"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/pages"
)

// scraping allows reading metrics with an API token for all organizations. The address of a request
// proves nothing, because a proxy on this machine passes on everybody's requests.
type scraping struct {
	desk     *administration.Administrator
	attempts *administration.Attempts
	next     http.Handler
}

func (s *scraping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "metrics are only read", http.StatusMethodNotAllowed)
		return
	}
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "metrics take a token of the API (lts token add), sent as Authorization: Bearer",
			http.StatusUnauthorized)
		return
	}
	who, err := s.desk.Bearer(r.Context(), s.attempts, administration.Network(pages.Address(r)), token)
	switch {
	case administration.IsKind(err, administration.Limited):
		http.Error(w, err.Error(), http.StatusTooManyRequests)
	case administration.IsKind(err, administration.Unauthenticated):
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, err.Error(), http.StatusUnauthorized)
	case err != nil:
		http.Error(w, "the token can't be checked now", http.StatusServiceUnavailable)
	case who.Organization != "":
		http.Error(w, "metrics are for tokens that see all organizations", http.StatusForbidden)
	default:
		s.next.ServeHTTP(w, r)
	}
}
