package testkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/openlts/openlts/core/protocol"
)

// Attackers and proxies between a client and its server; see Server.Intercept.

// CaptivePortal answers everything with a login page.
func CaptivePortal(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprint(w, "<html>log in</html>")
}

// Forger answers requests for authorizations with an invented, unsigned error.
func Forger(code protocol.Status) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		if r.URL.Path != protocol.PathAuthorizations {
			next(w, r)
			return
		}
		Problem(w, http.StatusForbidden, code)
	}
}

// Impostor lets another server answer.
func Impostor(other *Server) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	transport := &http.Transport{DisableKeepAlives: true}
	return func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, other.URL+r.URL.Path, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		request.Header = r.Header
		answer, err := transport.RoundTrip(request)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = answer.Body.Close() }()
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}
}

// Rewriter changes requests for authorizations on their way, so that the real server answers
// something that the client did not ask.
func Rewriter(change func(*protocol.AuthorizationRequest)) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		var request protocol.AuthorizationRequest
		if r.URL.Path == protocol.PathAuthorizations && json.NewDecoder(r.Body).Decode(&request) == nil {
			change(&request)
			body, _ := json.Marshal(request) // it was JSON just now
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		next(w, r)
	}
}

// Replayer stores the first answer to a request for an authorization, and gives it to every later
// request.
func Replayer() func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
	var mu sync.Mutex
	var first *httptest.ResponseRecorder
	return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		if r.URL.Path != protocol.PathAuthorizations {
			next(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = httptest.NewRecorder()
			next(first, r)
		}
		for name, values := range first.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(first.Code)
		_, _ = w.Write(first.Body.Bytes())
	}
}
