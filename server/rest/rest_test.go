package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/store/sqlite"
)

// caller asks an API, and holds each answer against its contract.
type caller struct {
	desk   *administration.Administrator
	api    http.Handler
	router routers.Router
	asked  map[string]bool // operations
	token  string
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "data"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	desk := &administration.Administrator{Store: s, Now: time.Now, Actor: "test"}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	document.Servers = nil
	router, err := legacy.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	api := (&rest.API{
		Administrator: desk, Attempts: administration.NewAttempts(), PublicKey: make([]byte, 32), Log: slog.New(slog.DiscardHandler),
		Address: func(*http.Request) string { return "192.0.2.1" },
	}).Handler()
	return &caller{desk: desk, api: api, router: router, asked: map[string]bool{}}
}

func (c *caller) as(t *testing.T, scope administration.Scope, organization string) {
	t.Helper()
	_, token, err := c.desk.AddToken(t.Context(), administration.TokenInput{Name: "t", Scope: scope, Organization: organization})
	if err != nil {
		t.Fatal(err)
	}
	c.token = token
}

func (c *caller) call(t *testing.T, method, path, body string, header ...string) (int, http.Header, map[string]any) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, rest.Prefix+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	c.api.ServeHTTP(recorder, request)
	route, parameters, err := c.router.FindRoute(request)
	if err != nil {
		t.Fatalf("%s %s is not in the contract: %v", method, path, err)
	}
	c.asked[route.Operation.OperationID] = true
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route},
		Status:                 recorder.Code, Header: recorder.Header(), Body: io.NopCloser(bytes.NewReader(recorder.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%s %s is answered with what the contract does not know: %v", method, path, err)
	}
	var object map[string]any
	if recorder.Body.Len() > 0 {
		if err := json.Unmarshal(recorder.Body.Bytes(), &object); err != nil {
			t.Fatal(err)
		}
	}
	return recorder.Code, recorder.Header(), object
}

// Each operation of the contract does what it says.
func TestContract(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "organizations", `{"name": "Example", "id": "100001"}`, 201},
		{"POST", "organizations", `{"name": "Example", "id": "100001"}`, 409},
		{"GET", "organizations", ``, 200},
		{"PATCH", "organizations/100001", `{"name": "Renamed"}`, 200},
		{"GET", "organizations/100001", ``, 200},
		{"GET", "organizations/5", ``, 404},
		{"POST", "handshakes", `{"organization": "100001", "custom": "reader"}`, 201},
		{"GET", "handshakes?organization=100001&limit=1", ``, 200},
		{"GET", "handshakes?limit=0", ``, 422},
		{"GET", "handshakes/100001-reader", ``, 200},
		{"PATCH", "handshakes/100001-reader", `{"validationFields": ["www.example.com"]}`, 200},
		{"POST", "handshakes/100001-reader/key", `{"server": "https://lts.example.com"}`, 200},
		{"POST", "items", `{"organization": "100001", "chargeWay": "scan", "name": "Scans", "id": "scans", "quota": 10}`, 201},
		{"POST", "items", `{"organization": "100001", "chargeWay": "scan", "name": "Scans", "quota": 10, "qouta": 1}`, 422},
		{"GET", "items?state=active&sort=name&reverse=true", ``, 200},
		{"GET", "items?after=x", ``, 422},
		{"GET", "items/scans", ``, 200},
		{"PATCH", "items/scans", `{"quota": 20}`, 200},
		{"PATCH", "items/scans", `{"quota": 0}`, 422},
		{"PUT", "items/scans/handshakes/100001-reader", `{"position": 1}`, 204},
		{"DELETE", "items/scans/handshakes/100001-reader", ``, 204},
		{"POST", "items/scans/revoke", ``, 204},
		{"POST", "items/scans/revoke", ``, 412},
		{"GET", "devices", ``, 200},
		{"GET", "devices/x", ``, 404},
		{"GET", "denials?since=1", ``, 200},
		{"GET", "anomalies", ``, 200},
		{"GET", "audit?kind=item.add", ``, 200},
		{"DELETE", "items/scans", ``, 204},
		{"DELETE", "organizations/100001", ``, 409},
		{"DELETE", "handshakes/100001-reader", ``, 204},
		{"DELETE", "organizations/100001", ``, 204},
	} {
		if got, _, object := c.call(t, step.method, step.path, step.body); got != step.want {
			t.Errorf("%s %s: %d, want %d: %v", step.method, step.path, got, step.want, object)
		}
	}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if strings.HasPrefix(path, rest.Prefix) && !c.asked[operation.OperationID] {
				t.Errorf("%s %s was not tried", method, path)
			}
		}
	}
}

func TestTagsAndIdempotency(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	body := `{"name": "Example"}`
	for range 2 {
		if status, _, object := c.call(t, "POST", "organizations", body, "Idempotency-Key", "k"); status != 201 || object["id"] != "100001" {
			t.Errorf("%d %v", status, object)
		}
	}
	if status, _, _ := c.call(t, "POST", "organizations", `{"name": "Other"}`, "Idempotency-Key", "k"); status != 412 {
		t.Errorf("another request with the key: %d", status)
	}
	_, header, _ := c.call(t, "GET", "organizations/100001", "")
	tag := header.Get("ETag")
	for i, want := range []int{200, 412} {
		if status, _, _ := c.call(t, "PATCH", "organizations/100001", `{"name": "`+strings.Repeat("x", i+1)+`"}`, "If-Match", tag); status != want {
			t.Errorf("change %d with %s: %d", i, tag, status)
		}
	}
}

// Who may not, is told so; what belongs to others does not exist.
func TestScopes(t *testing.T) {
	c := newCaller(t)
	if status, _, _ := c.call(t, "GET", "items", ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	c.as(t, administration.ScopeWrite, "")
	for _, id := range []string{"100001", "100002"} {
		c.call(t, "POST", "organizations", `{"name": "x", "id": "`+id+`"}`)
		c.call(t, "POST", "handshakes", `{"organization": "`+id+`", "custom": "a"}`)
	}
	c.as(t, administration.ScopeRead, "")
	if status, _, _ := c.call(t, "PATCH", "organizations/100001", `{"name": "y"}`); status != 403 {
		t.Errorf("a token that reads changes: %d", status)
	}
	c.as(t, administration.ScopeWrite, "100001")
	for _, step := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "handshakes/100001-a", "", 200}, {"GET", "handshakes/100002-a", "", 404}, {"PATCH", "handshakes/100002-a", `{"default": true}`, 404},
		{"DELETE", "handshakes/100002-a", "", 404}, {"POST", "handshakes/100002-a/key", `{"server": "https://x"}`, 404}, {"GET", "organizations/100002", "", 404},
		{"PATCH", "organizations/100002", `{"name": "y"}`, 404}, {"POST", "organizations", `{"name": "y"}`, 403}, {"GET", "audit", "", 403},
	} {
		if status, _, _ := c.call(t, step.method, step.path, step.body); status != step.want {
			t.Errorf("%s %s: %d, want %d", step.method, step.path, status, step.want)
		}
	}
}
