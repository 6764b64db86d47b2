package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/sqlite"
)

// Metrics are for tokens that see everything, and with pages apart not where clients are.
func TestWhoMayScrape(t *testing.T) {
	for _, apart := range []bool{false, true} {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "data"), true)
		if err != nil {
			t.Fatal(err)
		}
		lts, err := server.New(t.Context(), server.Config{
			Store: s, Now: servertest.Start, Pages: &server.PagesConfig{Apart: apart, Version: "v"},
		})
		if err != nil {
			t.Fatal(err)
		}
		desk := &administration.Administrator{Store: s, Now: servertest.Start, Actor: "test"}
		if _, err := desk.AddOrganization(t.Context(), "Example", "100001"); err != nil {
			t.Fatal(err)
		}
		tokens := map[string]string{"none": ""}
		for name, organization := range map[string]string{"all": "", "one": "100001"} {
			_, secret, err := desk.AddToken(t.Context(), administration.TokenInput{
				Name: name, Scope: administration.ScopeRead, Organization: organization,
			})
			if err != nil {
				t.Fatal(err)
			}
			tokens[name] = secret
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- lts.ServeOffice(listener) }()
		atOffice := func(method, token string) int {
			request, err := http.NewRequestWithContext(t.Context(), method,
				"http://"+listener.Addr().String()+"/metrics", nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			return response.StatusCode
		}
		get := func(handler http.Handler, method, token string) (int, string) {
			request := httptest.NewRequest(method, "/metrics", nil)
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			text, err := io.ReadAll(recorder.Body)
			if err != nil {
				t.Fatal(err)
			}
			return recorder.Code, string(text)
		}
		if code, text := get(lts.Handler(), http.MethodGet, tokens["all"]); (code == http.StatusOK) == apart ||
			strings.Contains(text, "openlts_items") == apart {
			t.Errorf("where clients are, apart %t: %d", apart, code)
		}
		for name, want := range map[string]int{"none": 401, "one": 403, "all": 200} {
			if code := atOffice(http.MethodGet, tokens[name]); code != want {
				t.Errorf("token for %s: %d", name, code)
			}
		}
		if code := atOffice(http.MethodGet, "lts_wrong"); code != http.StatusUnauthorized {
			t.Errorf("a wrong token: %d", code)
		}
		if code := atOffice(http.MethodPost, tokens["all"]); code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", code)
		}
		if code, text := get(lts.MetricsHandler(), http.MethodGet, ""); code != http.StatusOK ||
			!strings.Contains(text, "openlts_items") {
			t.Errorf("on a listener of their own: %d", code)
		}
		if err := errors.Join(lts.Shutdown(context.Background()), <-served); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
