package server_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/openlts/openlts/core/protocol"
)

var loadContract = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "docs", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	document.Servers = nil // whatever address the test server has
	return legacy.NewRouter(document)
})

// contract holds every answer, and every request that was answered with success,
// against docs/openapi.yaml.
func contract(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	router, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, parameters, err := router.FindRoute(r)
		if err != nil || route.Path != r.URL.Path { // an address or method outside of the contract
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil {
			next.ServeHTTP(w, r) // it will meet the same error, or none
			return
		}
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)

		request := r.Clone(context.Background())
		request.Body = io.NopCloser(bytes.NewReader(body))
		input := &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route}
		if request.Header.Get("Content-Type") == "" && bytes.HasPrefix(body, []byte("openlts/")) {
			request.Header.Set("Content-Type", "text/plain") // as which it is read
		}
		framedProblem := bytes.HasPrefix(recorder.Body.Bytes(), []byte("openlts/1\n{\"problem\":"))
		if recorder.Code == http.StatusOK && !framedProblem {
			if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
				t.Errorf("the server accepts what the contract does not: %v", err)
			}
		}
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: recorder.Code, Header: recorder.Header(),
			Body:    io.NopCloser(bytes.NewReader(recorder.Body.Bytes())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			t.Errorf("%s %s is answered with what the contract does not know: %v", r.Method, r.URL.Path, err)
		}
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// Each field of a request or an answer is in docs/openapi.yaml, which others write their clients
// from, and that has no other.
func TestTheContractHasEachField(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "docs", "openapi.yaml"))
	check(t, err)
	for name, of := range map[string]any{
		"AuthorizationRequest": protocol.AuthorizationRequest{}, "Device": protocol.Device{},
		"AuthorizationResponse": protocol.AuthorizationResponse{}, "Authorization": protocol.Authorization{},
		"Refusal": protocol.Refusal{}, "Item": protocol.Item{}, "Quota": protocol.Quota{},
		"ReportBatch": protocol.ReportBatch{}, "DeviceAccount": protocol.DeviceAccount{},
		"ReportGroup": protocol.ReportGroup{}, "Report": protocol.Report{}, "Receipt": protocol.Receipt{},
		"KeysResponse": protocol.KeysResponse{},
	} {
		schema, ok := document.Components.Schemas[name]
		if !ok {
			t.Errorf("docs/openapi.yaml has no schema %s", name)
			continue
		}
		specified := maps.Clone(schema.Value.Properties)
		for field := range reflect.TypeOf(of).Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if key == "-" {
				continue
			}
			if specified[key] == nil {
				t.Errorf("the schema %s in docs/openapi.yaml lacks %q, which protocol.%s has", name, key, name)
			}
			delete(specified, key)
		}
		for key := range specified {
			t.Errorf("the schema %s in docs/openapi.yaml has %q, and protocol.%s has not", name, key, name)
		}
	}
}
