package server_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
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
