package main

import (
	"bytes"
	"io"
	"math/bits"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// backend is a server that notes the requests it got whole, and answers each
// with its body.
type backend struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
}

func newBackend(t *testing.T) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.seen = append(b.seen, string(body))
		b.mu.Unlock()
		w.Header().Set("Method", r.Method)
		w.Header().Set("OpenLTS-MAC", "mac of "+string(body))
		_, _ = w.Write(body)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.seen...)
}

// await waits until the backend has got so many requests.
func (b *backend) await(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(b.requests()) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("the server got %q, want %d requests", b.requests(), n)
		}
		time.Sleep(time.Millisecond)
	}
}

func newProxy(t *testing.T, b *backend) *proxy {
	p, err := startProxy(2, newRandom(1, 1), &faultCount{}, func() []string {
		return []string{strings.TrimPrefix(b.URL, "http://")}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// send posts a report through the proxy, over a connection of its own, without
// following redirects.
func send(p *proxy, body string) (*http.Response, string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Post(p.URLs[0]+"/v1/reports", "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	return response, string(answer), err
}

const body = "the body of a request that is long enough to be cut"

func TestWithoutFaultsEverythingPasses(t *testing.T) {
	b := newBackend(t)
	p := newProxy(t, b)
	response, answer, err := send(p, body)
	if err != nil || response.StatusCode != http.StatusOK || answer != body ||
		response.Header.Get("OpenLTS-MAC") != "mac of "+body {
		t.Errorf("%v %q %v", response, answer, err)
	}
	if n := p.faults.sum(); n != 0 || p.reports() != 1 {
		t.Errorf("%d faults, %d reports", n, p.reports())
	}
	if n, err := p.replayKept(); n != 1 || err != nil || len(b.requests()) != 2 {
		t.Errorf("%d replayed, %v, the server got %q", n, err, b.requests())
	}
}

// TestEachFault: what the client sees and what the server gets.
func TestEachFault(t *testing.T) {
	const (
		failure = iota // the request fails
		whole          // the client gets the answer, unharmed
		other          // the client gets something else
	)
	for kind, want := range map[fault]struct {
		client int
		server int // requests that arrive whole
		status int // of the answer, if it is another
	}{
		refused:        {failure, 0, 0},
		resetEarly:     {failure, 0, 0},
		resetMiddle:    {failure, 0, 0},
		halfRequest:    {failure, 0, 0},
		alteredRequest: {other, 1, 200},
		lateRequest:    {whole, 1, 0},
		duplicated:     {whole, 2, 0},
		replayed:       {whole, 2, 0},
		answerDropped:  {failure, 1, 0},
		answerCut:      {failure, 1, 0},
		answerLate:     {whole, 1, 0},
		answerStale:    {other, 1, 200},
		hungUp:         {whole, 1, 0},
		status502:      {other, 0, 502},
		status503:      {other, 0, 503},
		status429:      {other, 0, 429},
		status413:      {other, 0, 413},
		loginPage:      {other, 0, 200},
		redirected:     {other, 0, 302},
		garbage:        {failure, 0, 0},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBackend(t)
			p := newProxy(t, b)
			p.stale = []byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale")
			p.weather.Store(&weather{1, []fault{kind}})
			response, answer, err := send(p, body)
			switch {
			case want.client == failure && err == nil:
				t.Errorf("the client got %q", answer)
			case want.client != failure && err != nil:
				t.Error(err)
			case want.client == whole && answer != body:
				t.Errorf("the client got %q", answer)
			case want.client == other && (answer == body || response.StatusCode != want.status):
				t.Errorf("the client got %d, %q", response.StatusCode, answer)
			}
			if n := p.faults.of(kind); n != 1 {
				t.Errorf("counted %d times", n)
			}
			b.await(t, want.server)
			p.close() // waits for what is on its way
			if got := b.requests(); len(got) != want.server {
				t.Errorf("the server got %q", got)
			}
		})
	}
}

// TestMethods arrive as they were sent.
func TestMethods(t *testing.T) {
	p := newProxy(t, newBackend(t))
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		answer, err := p.forward(message{method, "/v1/keys", http.Header{}, nil})
		if err != nil || !strings.Contains(string(answer), "Method: "+method) {
			t.Errorf("%s: %s, %v", method, answer, err)
		}
	}
}

// TestAnAlteredAnswer differs from the true one in one bit.
func TestAnAlteredAnswer(t *testing.T) {
	p := newProxy(t, newBackend(t))
	truth, err := p.forward(message{http.MethodPost, "/v1/reports", http.Header{}, []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	here, there := net.Pipe()
	defer func() { _ = here.Close() }()
	go func() {
		p.answer(there, answerAltered, truth, true)
		_ = there.Close()
	}()
	altered, err := io.ReadAll(here)
	if err != nil || len(altered) != len(truth) {
		t.Fatalf("%d bytes instead of %d, %v", len(altered), len(truth), err)
	}
	differ := 0
	for i := range truth {
		differ += bits.OnesCount8(truth[i] ^ altered[i])
	}
	if differ != 1 || p.faults.of(answerAltered) != 1 {
		t.Errorf("%d bits differ, %d faults", differ, p.faults.of(answerAltered))
	}
}

// TestADeadServerIsAnUnreachableOne: while no server runs, connections break.
func TestADeadServerIsAnUnreachableOne(t *testing.T) {
	p, err := startProxy(1, newRandom(1, 1), &faultCount{}, func() []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, answer, err := send(p, body); err == nil {
		t.Errorf("it answered %q", answer)
	}
}

// TestFollowedRedirectsAreNoticed.
func TestFollowedRedirectsAreNoticed(t *testing.T) {
	p := newProxy(t, newBackend(t))
	p.weather.Store(&weather{1, []fault{redirected}})
	response, _, err := send(p, body)
	if err != nil {
		t.Fatal(err)
	}
	p.weather.Store(&weather{})
	if p.strayed.Load() != 0 {
		t.Error("noticed too early")
	}
	followed, err := http.Get(response.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	_ = followed.Body.Close()
	if p.strayed.Load() != 1 {
		t.Error("not noticed")
	}
}

// TestTheSampleIsBounded, and old requests stay in it.
func TestTheSampleIsBounded(t *testing.T) {
	p := newProxy(t, newBackend(t))
	for i := range 20 * keptReports {
		p.keep(message{body: []byte{byte(i / keptReports)}})
	}
	if len(p.kept) != keptReports {
		t.Fatalf("%d are kept", len(p.kept))
	}
	old := 0
	for _, m := range p.kept {
		if m.body[0] < 10 {
			old++
		}
	}
	if old < keptReports/4 || old > 3*keptReports/4 {
		t.Errorf("%d of %d are of the first half", old, keptReports)
	}
}
