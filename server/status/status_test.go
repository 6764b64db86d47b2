package status_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openlts/openlts/server/status"
)

// A recorder has the status that the client was told.
func TestRecorder(t *testing.T) {
	write := func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }
	for name, test := range map[string]struct {
		handle func(w http.ResponseWriter)
		want   int
	}{
		"nothing":       {func(http.ResponseWriter) {}, http.StatusOK},
		"a body":        {write, http.StatusOK},
		"a status":      {func(w http.ResponseWriter) { w.WriteHeader(404) }, http.StatusNotFound},
		"informational": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(404) }, http.StatusNotFound},
		"twice":         {func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(500) }, http.StatusNotFound},
		"after a body":  {func(w http.ResponseWriter) { write(w); w.WriteHeader(500) }, http.StatusOK},
		"flushed": {func(w http.ResponseWriter) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("the recorder hides what the writer can do: %v", err)
			}
		}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			recorded := make(chan int, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				recorder := status.Record(w)
				if inner := status.Record(recorder); inner != recorder {
					t.Error("one answer has two recorders")
				}
				test.handle(recorder)
				recorded <- recorder.Code()
			}))
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // of statuses that come too late
			server.Start()
			defer server.Close()
			response, err := server.Client().Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if code := <-recorded; code != test.want || response.StatusCode != test.want {
				t.Errorf("recorded %d, the client was told %d, want %d", code, response.StatusCode, test.want)
			}
		})
	}
}
