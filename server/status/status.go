// Package status tells with which status a handler answered, for the log and for metrics.
package status

import "net/http"

// Recorder is a response writer that remembers the status of the answer.
type Recorder struct {
	http.ResponseWriter
	code int
}

// Record returns a recorder of the answer written to w: w itself if it is one already, so that an
// answer has one recorder, whoever asks for it.
func Record(w http.ResponseWriter) *Recorder {
	if r, ok := w.(*Recorder); ok {
		return r
	}
	return &Recorder{ResponseWriter: w}
}

// Code is the status of the answer: 200 if the handler set none, as net/http then sends it.
func (r *Recorder) Code() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}

// WriteHeader remembers the first final status, which is the one that net/http sends. Informational
// ones (1xx) come before it.
func (r *Recorder) WriteHeader(code int) {
	final := code >= http.StatusOK || code == http.StatusSwitchingProtocols
	if r.code == 0 && final {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

// Write sends status 200, unless the handler set one before.
func (r *Recorder) Write(body []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	return r.ResponseWriter.Write(body)
}

// Unwrap gives http.ResponseController the writer beneath.
func (r *Recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
