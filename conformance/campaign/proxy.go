package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// weather is how the network behaves for a while.
type weather struct {
	probability float64 // of a fault, for each connection and each request
	kinds       []fault // that occur
}

// proxy stands between the clients and the servers and disturbs what passes.
type proxy struct {
	URLs []string // of its listeners

	backends  func() []string // addresses (host:port) of the servers that run
	faults    *faultCount
	transport *http.Transport
	listeners []net.Listener
	ctx       context.Context
	stop      context.CancelFunc
	working   sync.WaitGroup
	weather   atomic.Pointer[weather]
	// strayed counts requests to where only a followed redirect leads.
	strayed atomic.Int64

	mu          sync.Mutex // guards what follows
	random      *rand.Rand
	connections map[net.Conn]bool
	stale       []byte    // an answer that was given to some other request
	kept        []message // a sample of the reports that passed
	passed      int       // reports that passed
}

// elsewhere is the path that redirects lead to.
const elsewhere = "/elsewhere"

// keptReports is how many reports are kept for a replay at the end.
const keptReports = 200

// patience bounds what a delay adds, so that some answers come in time and some
// after the clients (800 ms) gave up.
const patience = 1600 * time.Millisecond

func startProxy(listeners int, random *rand.Rand, faults *faultCount, backends func() []string) (*proxy, error) {
	p := &proxy{backends: backends, faults: faults, random: random, connections: map[net.Conn]bool{},
		transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 10 * time.Second,
			DisableCompression: true}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.weather.Store(&weather{})
	for range listeners {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			p.close()
			return nil, err
		}
		p.listeners = append(p.listeners, listener)
		p.URLs = append(p.URLs, "http://"+listener.Addr().String())
		p.working.Add(1)
		go p.accept(listener)
	}
	return p, nil
}

// close ends the proxy and waits for all it does.
func (p *proxy) close() {
	p.stop()
	for _, listener := range p.listeners {
		_ = listener.Close()
	}
	p.mu.Lock()
	for connection := range p.connections {
		_ = connection.Close()
	}
	p.mu.Unlock()
	p.working.Wait()
	p.transport.CloseIdleConnections()
}

func (p *proxy) accept(listener net.Listener) {
	defer p.working.Done()
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, say
			p.sleep(10 * time.Millisecond)
			continue
		}
		p.mu.Lock()
		over := p.ctx.Err() != nil
		p.connections[connection] = true
		p.mu.Unlock()
		if over {
			_ = connection.Close()
			return
		}
		p.working.Add(1)
		go func() {
			defer p.working.Done()
			p.serve(connection)
			_ = connection.Close()
			p.mu.Lock()
			delete(p.connections, connection)
			p.mu.Unlock()
		}()
	}
}

// choose says which fault comes now, if any. A connection that was just
// accepted can only be refused, a request anything else.
func (p *proxy) choose(connection bool) fault {
	w := p.weather.Load()
	if len(w.kinds) == 0 {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.random.Float64() >= w.probability {
		return ""
	}
	kind := w.kinds[p.random.IntN(len(w.kinds))]
	if (kind == refused) != connection {
		return ""
	}
	return kind
}

func (p *proxy) number(below int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(below)
}

func (p *proxy) delay() time.Duration {
	return time.Duration(p.number(int(patience/time.Millisecond))) * time.Millisecond
}

func (p *proxy) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ctx.Done():
	}
}

// message is a request on its way to a server.
type message struct {
	method string
	path   string
	header http.Header
	body   []byte
}

// serve is one connection of a client.
func (p *proxy) serve(connection net.Conn) {
	if kind := p.choose(true); kind != "" {
		p.faults.add(kind, 1)
		reset(connection)
		return
	}
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return // the client left
		}
		if strings.HasPrefix(request.URL.Path, elsewhere) {
			p.strayed.Add(1)
		}
		if !p.pass(connection, request) {
			return
		}
	}
}

// pass carries one request to a server and its answer back, or does the fault
// that is due instead. It reports whether the connection goes on.
func (p *proxy) pass(connection net.Conn, request *http.Request) bool {
	kind := p.choose(false)
	switch kind {
	case resetEarly:
		p.faults.add(kind, 1)
		reset(connection)
		return false
	case resetMiddle:
		p.faults.add(kind, 1)
		_, _ = io.CopyN(io.Discard, request.Body, request.ContentLength/2)
		reset(connection)
		return false
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return false
	}
	m := message{request.Method, request.URL.Path, request.Header, body}
	isReport := strings.HasSuffix(m.path, "/reports")
	if isReport {
		p.keep(m)
	}
	switch kind {
	case halfRequest:
		p.faults.add(kind, 1)
		p.sendHalf(m)
		reset(connection)
		return false
	case status502, status503, status429, status413, loginPage, redirected, garbage:
		p.faults.add(kind, 1)
		_, err := connection.Write(p.instead(kind))
		return err == nil && kind != garbage
	case alteredRequest:
		if isReport && len(body) > 0 { // who asks for an authorization may be taken for another device
			p.faults.add(kind, 1)
			m.body = bytes.Clone(body)
			m.body[p.number(len(body))] ^= 1
		}
	case lateRequest:
		p.faults.add(kind, 1)
		p.sleep(p.delay())
	case duplicated:
		p.faults.add(kind, 1)
		p.inBackground(0, m)
	case replayed:
		p.faults.add(kind, 1)
		p.inBackground(2*p.delay(), m)
	}
	answer, err := p.forward(m)
	if err != nil { // the server is down or was killed in the middle of it
		reset(connection)
		return false
	}
	return p.answer(connection, kind, answer, isReport)
}

// answer gives a server's answer to the client, or what the fault makes of it.
func (p *proxy) answer(connection net.Conn, kind fault, answer []byte, isReport bool) bool {
	switch kind {
	case answerDropped:
		p.faults.add(kind, 1)
		reset(connection)
		return false
	case answerCut:
		p.faults.add(kind, 1)
		_, _ = connection.Write(answer[:p.number(len(answer))])
		return false
	case answerLate:
		p.faults.add(kind, 1)
		p.sleep(p.delay())
	case answerAltered:
		p.faults.add(kind, 1)
		answer = bytes.Clone(answer)
		answer[len(answer)-1-p.number(len(answer)/2)] ^= 1
	case answerStale:
		p.mu.Lock()
		stale := p.stale
		p.mu.Unlock()
		if isReport && stale != nil {
			p.faults.add(kind, 1)
			answer = stale
		}
	case hungUp:
		p.faults.add(kind, 1)
		_, _ = connection.Write(answer)
		return false
	}
	if isReport && kind == "" && p.number(4) == 0 {
		p.mu.Lock()
		p.stale = answer
		p.mu.Unlock()
	}
	_, err := connection.Write(answer)
	return err == nil
}

// instead is what a proxy or login page on the way answers.
func (p *proxy) instead(kind fault) []byte {
	answer := func(status int, header, body string) []byte {
		return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n%s\r\n%s",
			status, http.StatusText(status), len(body), header, body)
	}
	const page = "<!doctype html><title>proxy</title><p>Not what you asked for."
	switch kind {
	case status502:
		return answer(http.StatusBadGateway, "", page)
	case status503:
		return answer(http.StatusServiceUnavailable, "Retry-After: 1\r\n", page)
	case status429:
		return answer(http.StatusTooManyRequests, "Retry-After: "+strconv.Itoa(p.number(1<<30))+"\r\n", page)
	case status413:
		return answer(http.StatusRequestEntityTooLarge, "", page)
	case loginPage:
		return answer(http.StatusOK, "", page)
	case redirected:
		return answer(http.StatusFound, "Location: "+p.URLs[0]+elsewhere+"\r\n", page)
	default:
		noise := make([]byte, 1+p.number(300))
		for i := range noise {
			noise[i] = byte(p.number(256))
		}
		return noise
	}
}

// forward sends a request to one of the servers and gives the whole answer as
// it goes over the wire.
func (p *proxy) forward(m message) ([]byte, error) {
	backends := p.backends()
	if len(backends) == 0 {
		return nil, errors.New("no server runs")
	}
	return p.forwardTo(backends[p.number(len(backends))], m)
}

func (p *proxy) forwardTo(backend string, m message) ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, m.method, "http://"+backend+m.path, bytes.NewReader(m.body))
	if err != nil {
		return nil, err
	}
	request.Header = m.header.Clone()
	response, err := p.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength, response.TransferEncoding = int64(len(body)), nil
	var wire bytes.Buffer
	err = response.Write(&wire)
	return wire.Bytes(), err
}

// sendHalf begins a request to a server and hangs up in the middle.
func (p *proxy) sendHalf(m message) {
	backends := p.backends()
	if len(backends) == 0 {
		return
	}
	backend := backends[p.number(len(backends))]
	connection, err := net.DialTimeout("tcp", backend, time.Second)
	if err != nil {
		return
	}
	var wire bytes.Buffer
	_, _ = fmt.Fprintf(&wire, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", m.method, m.path,
		backend, len(m.body))
	_ = m.header.WriteSubset(&wire, map[string]bool{"Content-Length": true, "Host": true})
	wire.WriteString("\r\n")
	wire.Write(m.body[:len(m.body)/2])
	_, _ = connection.Write(wire.Bytes())
	_ = connection.Close()
}

// inBackground sends a request once more, after a while, and nobody waits for
// its answer.
func (p *proxy) inBackground(after time.Duration, m message) {
	p.working.Add(1)
	go func() {
		defer p.working.Done()
		p.sleep(after)
		_, _ = p.forward(m)
	}()
}

// keep takes a request into the sample, so that each one that passes is in it
// with the same probability.
func (p *proxy) keep(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed++
	if len(p.kept) < keptReports {
		p.kept = append(p.kept, m)
	} else if i := p.random.IntN(p.passed); i < keptReports {
		p.kept[i] = m
	}
}

// replayKept sends the sample of all reports that ever passed to the servers
// once more. However old they are, they must change nothing.
func (p *proxy) replayKept() (n int, err error) {
	p.mu.Lock()
	kept := p.kept
	p.mu.Unlock()
	for _, m := range kept {
		for _, backend := range p.backends() {
			if _, err := p.forwardTo(backend, m); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// reports is the number of report batches that passed or tried to.
func (p *proxy) reports() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}

// reset ends a connection with RST, as a crash or a firewall does.
func reset(connection net.Conn) {
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
