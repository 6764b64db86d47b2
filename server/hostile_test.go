package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
)

// untouchable is a body that nobody may read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// A body of somebody who has no key is not even read.
func TestStrangersAreNotRead(t *testing.T) {
	l := start(t)
	device := l.device()
	for name, header := range map[string]http.Header{
		"no proof": {"Content-Type": {protocol.ContentTypeJSON}},
		"unknown key": {http.CanonicalHeaderKey(protocol.HeaderKey): {"AAAAAAAAAAAAAAAA"},
			http.CanonicalHeaderKey(protocol.HeaderMAC): {"AAAA"}},
		"not yet": device.Proof(nil),
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, protocol.PathReports,
				untouchable{t})
			request.ContentLength = protocol.MaxReportBody
			request.Header = header
			recorder := httptest.NewRecorder()
			l.handler.ServeHTTP(recorder, request)
			if recorder.Code != http.StatusUnauthorized {
				t.Errorf("%d %s", recorder.Code, recorder.Body)
			}
		})
	}
}

// Of plain text no more is read than may be the first line.
func TestStrangersFirstLine(t *testing.T) {
	l := start(t)
	for _, line := range []string{"openlts/1 AAAAAAAAAAAAAAAA " + strings.Repeat("A", 43) + "\n", "openlts/1\n",
		strings.Repeat("x", 1000)} {
		body := bytes.NewReader(append([]byte(line), make([]byte, 1<<20-2000)...))
		before := body.Len()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, protocol.PathReports, body)
		request.Header.Set("Content-Type", protocol.ContentTypeText)
		l.handler.ServeHTTP(httptest.NewRecorder(), request)
		if read := before - body.Len(); read > 512 {
			t.Errorf("after %.20q %d bytes were read", line, read)
		}
	}
}

// 200 bodies of a megabyte at once, which decode to a hundred, by somebody with a
// key and a wrong MAC, and by somebody with the right one.
func TestHostileBodiesAtOnce(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	begin := `{"protocol":1,"groups":[`
	body := []byte(begin + strings.Repeat("{},", (protocol.MaxReportBody-len(begin))/3))
	right := device.Proof(body)
	wrong := right.Clone()
	wrong.Set(protocol.HeaderMAC, strings.Repeat("A", 43))
	for _, test := range []struct {
		header http.Header
		want   int
	}{{wrong, http.StatusUnauthorized}, {right, http.StatusRequestEntityTooLarge}} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, protocol.PathReports,
					bytes.NewReader(body))
				request.Header = test.header
				recorder := httptest.NewRecorder()
				l.handler.ServeHTTP(recorder, request)
				if recorder.Code != test.want && recorder.Code != http.StatusTooManyRequests {
					t.Errorf("%d %s", recorder.Code, recorder.Body)
				}
				if recorder.Code == http.StatusTooManyRequests && recorder.Header().Get("Retry-After") == "" {
					t.Error("there is no Retry-After")
				}
			})
		}
		wg.Wait()
		runtime.ReadMemStats(&after)
		// The bodies themselves, and little more: all that was ever taken.
		if each := (after.TotalAlloc - before.TotalAlloc) / 200; each > 4<<20 {
			t.Errorf("each body took %d bytes", each)
		}
	}
}

// stalling is a body that never ends: so much comes, and then nothing.
type stalling struct {
	left  int
	ended <-chan struct{}
	quiet func()
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.left == 0 {
		s.quiet()
		<-s.ended
		return 0, io.ErrUnexpectedEOF
	}
	n := min(s.left, len(p))
	for i := range n {
		p[i] = ' '
	}
	s.left -= n
	return n, nil
}

// Large bodies that never end, sent without a key or with one, keep nobody else out.
func TestStallersKeepOutNobody(t *testing.T) {
	l := start(t)
	staller, honest := l.device(), l.device()
	for _, device := range []*servertest.Device{staller, honest} {
		if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
			t.Fatal(err)
		}
	}
	for path, header := range map[string]http.Header{protocol.PathAuthorizations: {},
		protocol.PathReports: staller.Proof(nil)} {
		ended := make(chan struct{})
		var settled, all sync.WaitGroup
		for range 100 {
			settled.Add(1)
			once := sync.OnceFunc(settled.Done)
			all.Go(func() {
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, &stalling{
					left: 40 << 10, ended: ended, quiet: once,
				})
				request.Header, request.ContentLength = header, 60<<10
				l.handler.ServeHTTP(httptest.NewRecorder(), request)
				once() // turned away
			})
		}
		settled.Wait()
		body, err := json.Marshal(honest.Batch())
		if err != nil {
			t.Fatal(err)
		}
		body = append(body, bytes.Repeat([]byte(" "), 60<<10)...)
		if _, _, err := honest.Post(protocol.PathReports, body, honest.Proof(body)); err != nil {
			t.Errorf("while others stall at %s: %v", path, err)
		}
		close(ended)
		all.Wait()
	}
}
