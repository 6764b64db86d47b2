// Package api is the HTTP interface of the License Tracking Server for clients: docs/openapi.yaml
// specifies it.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/status"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/throttle"
)

// Paths for monitoring, relative to the server's base URL.
const (
	PathHealth = "/healthz" // the process answers
	PathReady  = "/readyz"  // the database answers
)

// API answers requests.
type API struct {
	Store  store.Store
	Writer *ingest.Writer
	Keys   *Keys
	Now    func() time.Time
	Log    *slog.Logger
	Limits Limits
	// Outcomes counts how requests ended; nil: they are not counted.
	Outcomes *outcome.Counter

	// refuses is why clients are not served now; nil or "": they are.
	refuses atomic.Pointer[protocol.Reason]

	limits    atomic.Pointer[limiters]
	failures  *throttle.Log
	passwords *password.Checker
	clocks    clockWatch
	readiness readiness
	strangers *bodies // of requests without a key
	bodies    *bodies // of batches whose key is known
	batches   slots   // of large batches that are decoded
}

// SetLimits sets other limits for requests; all of them begin with a full burst.
func (a *API) SetLimits(limits Limits) { a.limits.Store(newLimiters(limits)) }

// Refuse makes the server refuse clients, like a standby server or one under maintenance; "" ends
// that.
func (a *API) Refuse(reason protocol.Reason) { a.refuses.Store(&reason) }

// serving says why clients are not served now; nil if they are.
func (a *API) serving() error {
	reason := a.refuses.Load()
	if reason == nil || *reason == "" {
		return nil
	}
	message := protocol.StatusStandbyRefuses.Message()
	if *reason == protocol.ReasonMaintenance {
		message = "LTS refuses to provide service while under construction."
	}
	return protocol.Errorf(protocol.StatusStandbyRefuses, "%s", message).Because(*reason)
}

// whileServing answers only while clients are served.
func (a *API) whileServing(handle handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := a.serving(); err != nil {
			return err
		}
		return handle(w, r)
	}
}

// handler answers a request, or returns the error to answer with: a protocol.Error or Status; any
// other error is a failure of the server.
type handler func(http.ResponseWriter, *http.Request) error

// Handler gives the HTTP handler for all paths. A reverse proxy may put it under
// any prefix, which it strips.
func (a *API) Handler() http.Handler {
	a.SetLimits(a.Limits)
	a.failures = throttle.NewLog(a.Log, time.Now)
	a.passwords = password.NewChecker()
	a.strangers, a.bodies, a.batches = newBodies(strangeLarge), newBodies(largeBodies), make(slots, largeBatches)
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]handler{
		protocol.PathAuthorizations: {http.MethodPost: a.framed(a.whileServing(a.authorize))},
		protocol.PathReports:        {http.MethodPost: a.framed(a.whileServing(a.report))},
		protocol.PathKeys:           {http.MethodGet: a.keys},
	} {
		mux.Handle(path, allowBrowsers(a.route(methods)))
	}
	for path, handle := range map[string]handler{PathHealth: a.health, PathReady: a.ready} {
		mux.Handle(path, a.route(map[string]handler{http.MethodGet: handle}))
	}
	mux.Handle("/", a.answer(func(http.ResponseWriter, *http.Request) error { return protocol.StatusNotFound }))
	return a.recover(logged(a.Log, exactPath(a, mux)))
}

// exactPath answers "not found" where the mux would redirect (such as "//v1/keys"): clients of an
// API do not follow redirects of a POST.
func exactPath(a *API, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; p != "/" && path.Clean(p) != p {
			a.problem(w, r, protocol.StatusNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// route chooses by method.
func (a *API) route(methods map[string]handler) http.Handler {
	if get, ok := methods[http.MethodGet]; ok {
		methods[http.MethodHead] = get
	}
	allowed := make([]string, 0, len(methods)+1)
	for method := range methods {
		allowed = append(allowed, method)
	}
	allowed = append(allowed, http.MethodOptions)
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	return a.answer(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodOptions {
			w.Header().Set("Allow", allow)
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		handle, ok := methods[r.Method]
		if !ok {
			w.Header().Set("Allow", allow)
			return protocol.StatusMethodNotAllowed
		}
		return handle(w, r)
	})
}

// answer runs a handler and answers with its error, if any.
func (a *API) answer(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			a.problem(w, r, err)
		}
	})
}

// recover turns a panic into an answer.
func (a *API) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			panics.Caught(a.Log, panics.Clients, p, "method", r.Method, "path", r.URL.Path)
			a.problem(w, r, fmt.Errorf("panic: %v", p))
		}()
		next.ServeHTTP(w, r)
	})
}

// allowBrowsers lets pages of any origin use the paths for clients: handshake codes and keys
// protect these, not cookies, so no origin can do more than another. It does not allow the paths
// for operators.
func allowBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", protocol.HeaderMAC+", Retry-After")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Content-Type, "+protocol.HeaderKey+", "+protocol.HeaderMAC)
			h.Set("Access-Control-Max-Age", "86400")
		}
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request when debugging. Headers, queries and
// bodies are never logged.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(w, r)
			return
		}
		start, recorder := time.Now(), status.Record(w)
		next.ServeHTTP(recorder, r)
		log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", recorder.Code(),
			"from", r.RemoteAddr, "milliseconds", float64(time.Since(start).Microseconds())/1000)
	})
}

func (a *API) health(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyTimeout is how long the database may take to answer.
const readyTimeout = 5 * time.Second

func (a *API) ready(w http.ResponseWriter, r *http.Request) error {
	err := a.readyNow(r.Context())
	if err != nil && r.Context().Err() != nil {
		return err // the caller went away: that says nothing about the server
	}
	a.readiness.saw(err, a.Log)
	if err != nil {
		return unready{err}
	}
	answer := map[string]string{"status": "ok"}
	if reason := a.refuses.Load(); reason != nil && *reason != "" {
		// It could serve, but its standby server, if there is one, must know that it does not.
		answer["refuses"] = string(*reason)
	}
	return writeJSON(w, http.StatusOK, answer)
}

// readyNow says why the server can't serve now; nil if it can.
func (a *API) readyNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := a.Store.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	return a.diskReady()
}

func (a *API) keys(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, protocol.KeysResponse{SigningKeys: []protocol.SigningKey{{
		ID: protocol.SigningKeyID(a.Keys.Public()), PublicKey: protocol.Encoding.EncodeToString(a.Keys.Public()),
	}}})
}
