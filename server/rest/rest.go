// Package rest is the API of administration, /api/v1: what the pages and the command do, for
// programs. docs/openapi.yaml specifies it.
package rest

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store/records"
	"github.com/openlts/openlts/server/throttle"
)

// Prefix begins the paths of the API.
const Prefix = "/api/v1/"

// API answers requests.
type API struct {
	Administrator *administration.Administrator
	Attempts      *administration.Attempts
	PublicKey     []byte        // by which clients recognize the server
	Alerts        alerts.Sender // sends test messages to channels
	Log           *slog.Logger
	// Address is the address from which a request comes.
	Address func(*http.Request) string

	limits   *recent.Cache[*rate.Limiter]
	failures *throttle.Log
}

// How many requests a second a token may make, and how many at once.
const (
	perSecond = 20
	atOnce    = 100
)

// maxBody is how many bytes the body of a request may have; maxLicenseBody is the limit for a body
// with a license file, as a JSON text.
const (
	maxBody        = 64 << 10
	maxLicenseBody = 2 * licensefile.MaxSize
)

// bodyLimit is how many bytes the body of a request may have.
func bodyLimit(r *http.Request) int {
	if strings.HasPrefix(r.URL.Path, Prefix+"licenses") {
		return maxLicenseBody
	}
	return maxBody
}

// request is an authenticated request.
type request struct {
	*http.Request
	admin *administration.Administrator
	body  []byte
	tags  []string // the object must have one of them; nil: no check
}

// answer is the answer to a request.
type answer struct {
	status int // 0: 200
	value  any // nil: nothing
	tag    string
	file   *file // instead of a value
}

// file is an answer that is not a JSON object.
type file struct {
	contentType string
	write       func(io.Writer) error
}

type handler func(*request) (answer, error)

// Handler answers all paths below Prefix.
func (a *API) Handler() http.Handler {
	a.limits = recent.New[*rate.Limiter](10_000)
	a.failures = throttle.NewLog(a.Log, time.Now)
	mux := http.NewServeMux()
	repeats := a.repeats()
	for pattern, handle := range a.routes() {
		method, path, _ := strings.Cut(pattern, " ")
		known := func(r *request) (answer, error) {
			if err := checkQuery(r.Request, parameters[pattern]); err != nil {
				return answer{}, err
			}
			if r.tags = nil; conditional[pattern] {
				var err error
				if r.tags, err = tags(r.Header); err != nil {
					return answer{}, err
				}
			} else if r.Header.Get("If-Match") != "" {
				return answer{}, wrong("", "this operation goes by no If-Match")
			}
			return handle(r)
		}
		mux.HandleFunc(method+" "+Prefix+path, func(w http.ResponseWriter, r *http.Request) {
			a.serve(w, r, known, repeats[pattern])
		})
	}
	nowhere := func(w http.ResponseWriter, r *http.Request) {
		a.serve(w, r, func(*request) (answer, error) {
			return answer{}, &administration.Error{Kind: administration.NotFound, Text: "there is nothing at this path"}
		}, nil)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		allowed := methods(mux, r)
		if len(allowed) == 0 {
			nowhere(w, r)
			return
		}
		a.serve(w, r, func(*request) (answer, error) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return answer{}, &administration.Error{
				Kind: administration.WrongMethod,
				Text: "there is nothing at this path for this method; its methods are " + strings.Join(allowed, ", "),
			}
		}, nil)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect a program to the cleaned path.
		if path.Clean(r.URL.Path) != r.URL.Path {
			nowhere(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// methods are those by which something is asked at the path of a request.
func methods(mux *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch,
		http.MethodPost, http.MethodPut} {
		other := r.WithContext(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, handle handler, again repeat) {
	defer func() {
		if v := recover(); v != nil {
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			panics.Caught(a.Log, panics.REST, v, "method", r.Method, "path", r.URL.Path)
			a.fail(w, r, errors.New("panic"))
		}
	}()
	ok, err := a.answer(r, handle, again)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if ok.tag != "" {
		w.Header().Set("ETag", `"`+ok.tag+`"`)
	}
	if ok.file != nil {
		a.stream(w, r, ok.file)
		return
	}
	if ok.value == nil {
		a.headers(w)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if ok.status == 0 {
		ok.status = http.StatusOK
	}
	a.write(w, ok.status, protocol.ContentTypeJSON, ok.value)
}

func (a *API) answer(r *http.Request, handle handler, again repeat) (answer, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return answer{}, &administration.Error{
			Kind: administration.Unauthenticated, Text: "the request has no token; send it as Authorization: Bearer",
		}
	}
	who, err := a.Administrator.Bearer(r.Context(), a.Attempts, administration.Network(a.Address(r)), token)
	if err != nil {
		return answer{}, err
	}
	if !a.limits.GetOr(who.Name, func() *rate.Limiter {
		return rate.NewLimiter(perSecond, atOnce)
	}).AllowN(a.Administrator.Now(), 1) {
		return answer{}, &administration.Error{
			Kind: administration.Limited, Text: "too many requests with this token; wait a second",
		}
	}
	req := &request{Request: r, admin: a.Administrator.As(who)}
	limit := bodyLimit(r)
	if req.body, err = io.ReadAll(io.LimitReader(r.Body, int64(limit)+1)); err != nil {
		return answer{}, &administration.Error{Kind: administration.Invalid, Text: "the body did not arrive whole"}
	}
	if len(req.body) > limit {
		return answer{}, &administration.Error{
			Kind: administration.Invalid, Text: "the body is larger than " + strconv.Itoa(limit) + " bytes",
		}
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); len(req.body) > 0 &&
		kind != protocol.ContentTypeJSON {
		return answer{}, &administration.Error{
			Kind: administration.Invalid, Text: "the body is to be " + protocol.ContentTypeJSON,
		}
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && again != nil {
		return a.once(req, token, key, handle, again)
	}
	return handle(req)
}

// read reads the body. An unknown field is a mistake, because it would be ignored.
func (r *request) read(value any) error {
	decoder := json.NewDecoder(strings.NewReader(string(r.body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return &administration.Error{
			Kind: administration.Invalid, Text: "the body is not what is expected here: " + err.Error(),
		}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &administration.Error{Kind: administration.Invalid, Text: "the body holds more than one value"}
	}
	return nil
}

// selection reads the filters of a list.
func (r *request) selection() (administration.Selection, error) {
	q := r.URL.Query()
	s := administration.Selection{
		Organizations: q["organization"], Codes: q["handshake"], Items: q["item"], Devices: q["device"],
		Kinds: q["kind"], States: q["state"], Text: q.Get("search"), Sort: q.Get("sort"),
		Descending: q.Get("reverse") == "true", After: q.Get("after"),
	}
	for name, to := range map[string]*int64{"since": &s.Since, "until": &s.Until} {
		if text := q.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return s, &administration.Error{
					Kind: administration.Invalid, Field: name, Text: name + " is in seconds since 1970",
				}
			}
			*to = n
		}
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > records.MaxLimit {
			return s, &administration.Error{Kind: administration.Invalid, Field: "limit",
				Text: "limit is from 1 to " + strconv.Itoa(records.MaxLimit)}
		}
		s.Limit = n
	}
	return s, nil
}

// Query writes a selection as the API reads it.
func Query(s administration.Selection) url.Values {
	q := url.Values{}
	for name, values := range map[string][]string{
		"organization": s.Organizations, "handshake": s.Codes, "item": s.Items, "device": s.Devices, "kind": s.Kinds,
		"state": s.States,
	} {
		if len(values) > 0 {
			q[name] = values
		}
	}
	for name, value := range map[string]string{"search": s.Text, "sort": s.Sort, "after": s.After} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, value := range map[string]int64{"since": s.Since, "until": s.Until, "limit": int64(s.Limit)} {
		if value > 0 {
			q.Set(name, strconv.FormatInt(value, 10))
		}
	}
	if s.Descending {
		q.Set("reverse", "true")
	}
	return q
}

// Problem is an error answer, as application/problem+json.
type Problem struct {
	Type   string    `json:"type"`
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail"`
	Errors []Mistake `json:"errors,omitempty"`
}

// Mistake is one of the mistakes of a request.
type Mistake struct {
	Kind   administration.Kind `json:"kind"`
	Object string              `json:"object,omitempty"`
	ID     string              `json:"id,omitempty"`
	Field  string              `json:"field,omitempty"`
	Detail string              `json:"detail"`
}

// statuses are the HTTP statuses of kinds of mistakes.
var statuses = map[administration.Kind]int{
	administration.Invalid: http.StatusUnprocessableEntity, administration.NotFound: http.StatusNotFound,
	administration.Exists: http.StatusConflict, administration.InUse: http.StatusConflict,
	administration.Conflict: http.StatusPreconditionFailed, administration.Forbidden: http.StatusForbidden,
	administration.Unauthenticated: http.StatusUnauthorized, administration.Limited: http.StatusTooManyRequests,
	administration.WrongMethod: http.StatusMethodNotAllowed,
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem := Problem{Type: "about:blank", Title: "failed", Status: http.StatusInternalServerError,
		Detail: "The server failed. Nothing was changed."}
	if mistakes := administration.Errors(err); len(mistakes) > 0 {
		problem.Title, problem.Status, problem.Detail = string(mistakes[0].Kind), statuses[mistakes[0].Kind],
			mistakes[0].Text
		for _, each := range mistakes {
			problem.Errors = append(problem.Errors, Mistake{each.Kind, each.Object, each.ID, each.Field, each.Text})
		}
	} else {
		a.failures.Error(r.Pattern, "a request of the API failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	switch problem.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "30")
	}
	a.write(w, problem.Status, protocol.ContentTypeProblem, problem)
}

// stream writes a file. If that fails halfway, it breaks off the connection, so that half a file
// does not look complete.
func (a *API) stream(w http.ResponseWriter, r *http.Request, f *file) {
	a.headers(w)
	w.Header().Set("Content-Type", f.contentType)
	if err := f.write(w); err != nil {
		a.Log.Error("an answer of the API broke off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
}

func (a *API) headers(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}

func (a *API) write(w http.ResponseWriter, status int, contentType string, value any) {
	text, err := json.Marshal(value)
	if err != nil { // what is shown always marshals
		panic(err)
	}
	a.headers(w)
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may have gone away
}
