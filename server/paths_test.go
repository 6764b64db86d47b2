package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openlts/openlts/server"
)

// A path that is not written as it should be is nothing, for clients, for programs and
// for browsers: nobody is led elsewhere.
func TestPathsLeadNowhere(t *testing.T) {
	l := start(t)
	both, err := server.New(t.Context(), server.Config{
		Store: l.store, Now: l.clock, Log: l.log, Pages: &server.PagesConfig{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, both.Shutdown(context.Background())) })
	for _, path := range []string{"//v1/reports", "/v1//reports", "//evil.example/", "/items//scans", "/api/v1//items",
		"/api/v1/../items", "/sign-in/", "/./sign-in"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, accept := range []string{"", "text/html"} {
				request := httptest.NewRequestWithContext(t.Context(), method, "http://lts.example.com/", http.NoBody)
				request.URL.Path = path
				request.Header.Set("Accept", accept)
				recorder := httptest.NewRecorder()
				both.Handler().ServeHTTP(recorder, request)
				if code := recorder.Code; code != http.StatusNotFound && code != http.StatusUnauthorized ||
					recorder.Header().Get("Location") != "" {
					t.Errorf("%s %s for %q: %d, %q", method, path, accept, code, recorder.Header().Get("Location"))
				}
			}
		}
	}
}
