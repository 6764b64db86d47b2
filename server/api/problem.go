package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// httpStatus is the HTTP status of each code that is not a refusal. All refusals of an
// authorization are 403, even for an unknown handshake code: they are decisions, and none of them
// means that the address of the request is wrong.
var httpStatus = map[protocol.Status]int{
	protocol.StatusRequestMalformed:        http.StatusBadRequest,
	protocol.StatusProtocolVersion:         http.StatusBadRequest,
	protocol.StatusRequestNotAuthenticated: http.StatusUnauthorized,
	protocol.StatusNotFound:                http.StatusNotFound,
	protocol.StatusMethodNotAllowed:        http.StatusMethodNotAllowed,
	protocol.StatusRequestTooLarge:         http.StatusRequestEntityTooLarge,
	protocol.StatusRequestRateLimited:      http.StatusTooManyRequests,
	protocol.StatusServerFailed:            http.StatusInternalServerError,
	protocol.StatusStandbyRefuses:          http.StatusServiceUnavailable,
}

// perhaps is the message about a request whose commit failed. If the client sends it again, it
// counts once.
const perhaps = "The request was carried out as a whole, or not at all: send it again."

// problem answers with an error. It logs internal failures and does not tell the client.
func (a *API) problem(w http.ResponseWriter, r *http.Request, err error) {
	code, detail := protocol.StatusOf(err), err.Error()
	status := httpStatus[code]
	failed := func(message string) {
		if errors.As(err, new(unready)) {
			return // it has been logged
		}
		a.failures.Error(message+" "+whyUnready(err)+" "+r.Pattern, message, "method", r.Method, "path", r.URL.Path,
			"error", err)
	}
	switch {
	case errors.Is(err, ingest.ErrClosed):
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			"The License Tracking Server is shutting down. Nothing was changed."
	case errors.Is(err, policy.ErrClock):
		failed("nobody is served")
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			"The clock of the License Tracking Server is wrong. Nothing was changed."
	case errors.Is(err, errDisk):
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			"The disk of the License Tracking Server is full, or fails. Nothing was changed."
	case errors.Is(err, store.ErrDisk):
		failed("request failed")
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			"The disk of the License Tracking Server is full, or fails. "+perhaps
	case errors.Is(err, store.ErrUnavailable):
		failed("request failed")
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			"The database of the License Tracking Server does not answer. "+perhaps
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		a.Log.Debug("the client is gone", "method", r.Method, "path", r.URL.Path)
		code, status, detail = protocol.StatusServerFailed, http.StatusServiceUnavailable,
			protocol.StatusServerFailed.Message()
	case !code.FromServer():
		failed("request failed")
		code, status, detail = protocol.StatusServerFailed, http.StatusInternalServerError,
			protocol.StatusServerFailed.Message()
	case code == protocol.StatusRequestMalformed:
		detail = "The request is malformed: " + detail + "."
	case status == 0:
		status = http.StatusForbidden
	}
	problem := protocol.Problem{Type: "about:blank", Title: code.Name(), Status: status, Detail: detail, Code: code,
		Reason: protocol.ReasonOf(err)}
	var later *limited
	if errors.As(err, &later) {
		w.Header().Set("Retry-After", strconv.FormatInt(max(1, int64(math.Ceil(later.after.Seconds()))), 10))
	}
	var signed *signedRefusal
	if errors.As(err, &signed) {
		problem.Refusal, problem.PublicKey = signed.jws, protocol.Encoding.EncodeToString(a.Keys.Public())
	}
	body, err := json.Marshal(problem)
	if err != nil { // strings and numbers always marshal
		panic(err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", protocol.HeaderMAC)
	}
	write(w, status, protocol.ContentTypeProblem, body)
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	write(w, status, protocol.ContentTypeJSON, body)
	return nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may be gone; what was committed stays, and it will ask again.
	_, _ = w.Write(body)
}
