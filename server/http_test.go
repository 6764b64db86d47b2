package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// edit changes a field of a JSON object; a nil value removes it.
func edit(t *testing.T, value any, path string, to any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	at := object
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		at = at[name].(map[string]any)
	}
	if last := names[len(names)-1]; to == nil {
		delete(at, last)
	} else {
		at[last] = to
	}
	if data, err = json.Marshal(object); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBadAuthorizations(t *testing.T) {
	l := start(t)
	device := l.device()
	request := device.Request("100001-reader")
	long := strings.Repeat("x", 513)
	type test struct {
		name   string
		body   []byte
		want   protocol.Status
		status int
	}
	tests := []test{
		{"empty", nil, protocol.StatusRequestMalformed, 400},
		{"not JSON", []byte("hello"), protocol.StatusRequestMalformed, 400},
		{"cut off", []byte(`{"protocol":1,`), protocol.StatusRequestMalformed, 400},
		{"more than one value", []byte(`{"protocol":1}{}`), protocol.StatusRequestMalformed, 400},
		{"an array", []byte(`[]`), protocol.StatusRequestMalformed, 400},
		{"null", []byte(`null`), protocol.StatusProtocolVersion, 400},
		{"not UTF-8", []byte("{\"protocol\":\"\xff\"}"), protocol.StatusRequestMalformed, 400},
		{"too deep", []byte(strings.Repeat("[", 20000)), protocol.StatusRequestMalformed, 400},
		{"too large", bytes.Repeat([]byte(" "), protocol.MaxAuthorizationBody+1), protocol.StatusRequestTooLarge, 413},
	}
	for _, field := range []struct {
		path string
		to   any
		want protocol.Status
	}{
		{"protocol", nil, protocol.StatusProtocolVersion},
		{"protocol", 2, protocol.StatusProtocolVersion},
		{"protocol", "1", protocol.StatusRequestMalformed},
		{"protocol", 1.5, protocol.StatusRequestMalformed},
		{"nonce", nil, protocol.StatusRequestMalformed},
		{"nonce", "c2hvcnQ", protocol.StatusRequestMalformed},
		{"nonce", "not base64url!!!!!!!!!!!", protocol.StatusRequestMalformed},
		{"nonce", strings.Repeat("A", 100), protocol.StatusRequestMalformed},
		{"device", nil, protocol.StatusRequestMalformed},
		{"device", "x", protocol.StatusRequestMalformed},
		{"device.uuid", "x", protocol.StatusRequestMalformed},
		{"device.uuid", strings.ToUpper("aaaaaaaa" + device.UUID[8:]), protocol.StatusRequestMalformed},
		{"device.uuid", "{" + device.UUID + "}", protocol.StatusRequestMalformed},
		{"device.publicKey", nil, protocol.StatusRequestMalformed},
		{"device.publicKey", "AAAA", protocol.StatusRequestMalformed},
		{"device.publicKey", "!", protocol.StatusRequestMalformed},
		{"device.publicKey", strings.Repeat("A", 43), protocol.StatusRequestMalformed}, // a point of low order
		{"device.friendlyName", long, protocol.StatusRequestMalformed},
		{"handshakeCode", long, protocol.StatusRequestMalformed},
		{"organizationID", long, protocol.StatusRequestMalformed},
		{"sessionPassword", long, protocol.StatusRequestMalformed},
		{"validationField", long, protocol.StatusRequestMalformed},
		{"handshakeCode", "\x1b]0;x\a", protocol.StatusRequestMalformed},
		{"organizationID", "1\n2", protocol.StatusRequestMalformed},
		{"device.friendlyName", "a\u009b31m", protocol.StatusRequestMalformed},
		{"device.friendlyName", "a\u202eb", protocol.StatusRequestMalformed},
		{"device.platform", "\x7f", protocol.StatusRequestMalformed},
		{"validationField", "a\u2028b", protocol.StatusRequestMalformed},
		{"handshakeCode", 5, protocol.StatusRequestMalformed},
		{"clientTime", 1e300, protocol.StatusRequestMalformed},
		{"maxBufferDays", "x", protocol.StatusRequestMalformed},
		{"instanceCount", -1, protocol.StatusRequestMalformed},
		{"instanceCount", 1_000_001, protocol.StatusRequestMalformed},
		{"slotSeconds", 7, protocol.StatusRequestMalformed},
		{"slotSeconds", -180, protocol.StatusRequestMalformed},
		{"slotSeconds", 100_000, protocol.StatusRequestMalformed},
		{"modules", make([]int, 65), protocol.StatusRequestMalformed},
		{"anomalies", make([]string, 17), protocol.StatusRequestMalformed},
		{"anomalies", []string{"Not This"}, protocol.StatusRequestMalformed},
		{"anomalies", []string{""}, protocol.StatusRequestMalformed},
	} {
		tests = append(tests, test{
			fmt.Sprintf("%s %.20v", field.path, field.to), edit(t, request, field.path, field.to), field.want, 400,
		})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := device.Post(protocol.PathAuthorizations, test.body, nil)
			if p := problem(t, err); p.Code != test.want || p.Status != test.status {
				t.Errorf("got %+v, want %d with status %d", p, test.want, test.status)
			}
		})
	}
	if devices, err := l.store.Devices(t.Context()); err != nil || len(devices) != 0 {
		t.Errorf("%+v, %v", devices, err)
	}
	if _, _, err := device.Post(protocol.PathAuthorizations,
		edit(t, request, "newField", map[string]any{"of": "version 1.1"}), nil); err != nil {
		t.Errorf("a field it does not know: %v", err)
	}
}

func TestBadReports(t *testing.T) {
	l := start(t)
	device, stranger := l.device(), l.device()
	for _, d := range []*servertest.Device{device, stranger} {
		if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
			t.Fatal(err)
		}
	}
	batch := device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))
	body, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	many := batch
	many.Groups = []protocol.ReportGroup{
		group(batch.Groups[0].Run, "100001-reader", "scans", make([]protocol.Report, protocol.MaxReportsInBatch+1)...),
	}
	tooMany, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	header := func(key, mac string) http.Header {
		h := http.Header{}
		if key != "" {
			h.Set(protocol.HeaderKey, key)
		}
		if mac != "" {
			h.Set(protocol.HeaderMAC, mac)
		}
		return h
	}
	proof := func(body []byte) http.Header { return device.Proof(body) }
	mac := protocol.ReportMAC(device.ReportKey, body)
	for _, test := range []struct {
		name   string
		body   []byte
		header http.Header
		want   protocol.Status
		status int
	}{
		{"no proof", body, nil, protocol.StatusRequestNotAuthenticated, 401},
		{"no MAC", body, header(device.ReportKeyID, ""), protocol.StatusRequestNotAuthenticated, 401},
		{"no key", body, header("", mac), protocol.StatusRequestNotAuthenticated, 401},
		{"unknown key", body, header("AAAAAAAAAAAAAAAA", mac), protocol.StatusRequestNotAuthenticated, 401},
		{"long key", body, header(strings.Repeat("A", 65), mac), protocol.StatusRequestNotAuthenticated, 401},
		{"wrong MAC", body, header(device.ReportKeyID, strings.Repeat("A", 43)),
			protocol.StatusRequestNotAuthenticated, 401},
		{"MAC of another body", body, proof([]byte("{}")), protocol.StatusRequestNotAuthenticated, 401},
		{"MAC cut off", body, header(device.ReportKeyID, mac[:20]), protocol.StatusRequestNotAuthenticated, 401},
		{"another device's key", body, stranger.Proof(body), protocol.StatusRequestNotAuthenticated, 401},
		{"empty", nil, proof(nil), protocol.StatusRequestMalformed, 400},
		{"not JSON", []byte("hello"), proof([]byte("hello")), protocol.StatusRequestMalformed, 400},
		{"cut off", body[:50], proof(body[:50]), protocol.StatusRequestMalformed, 400},
		{"too large", bytes.Repeat([]byte(" "), protocol.MaxReportBody+1), nil, protocol.StatusRequestTooLarge, 413},
		{"too many", tooMany, proof(tooMany), protocol.StatusRequestTooLarge, 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := device.Post(protocol.PathReports, test.body, test.header)
			if p := problem(t, err); p.Code != test.want || p.Status != test.status {
				t.Errorf("got %+v, want %d with status %d", p, test.want, test.status)
			}
		})
	}
	for _, field := range []struct {
		path string
		to   any
		want protocol.Status
	}{
		{"protocol", 2, protocol.StatusProtocolVersion},
		{"batch", "x", protocol.StatusRequestMalformed},
		{"device", "x", protocol.StatusRequestMalformed},
		{"device", nil, protocol.StatusRequestMalformed},
		{"device", uuid.NewString(), protocol.StatusRequestNotAuthenticated},
		{"groups", "x", protocol.StatusRequestMalformed},
		{"groups", make([]map[string]any, protocol.MaxReportsInBatch+1), protocol.StatusRequestTooLarge},
	} {
		t.Run(fmt.Sprintf("%s %.20s", field.path, fmt.Sprint(field.to)), func(t *testing.T) {
			body := edit(t, batch, field.path, field.to)
			if _, _, err := device.Post(protocol.PathReports, body, device.Proof(body)); problem(t,
				err).Code != field.want {
				t.Errorf("got %v, want %d", err, field.want)
			}
		})
	}
	// Nothing of it was counted, and nothing is well formed.
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != 0 {
		t.Errorf("%+v", s)
	}
	if receipt, err := device.Report(device.Batch()); err != nil || receipt.Accepted != 0 {
		t.Errorf("an empty batch: %+v, %v", receipt, err)
	}
}

// do sends a request with a method and gives status, header and body.
func do(t *testing.T, method, address string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestAddressesAndMethods(t *testing.T) {
	l := start(t)
	for _, test := range []struct {
		method, path string
		status       int
		code         protocol.Status
	}{
		{"GET", "/", 404, protocol.StatusNotFound},
		{"POST", "/", 404, protocol.StatusNotFound},
		{"GET", "/v1", 404, protocol.StatusNotFound},
		{"GET", "/v1/keys/", 404, protocol.StatusNotFound},
		{"GET", "//v1/keys", 404, protocol.StatusNotFound},
		{"GET", "/v1/../v1/keys", 404, protocol.StatusNotFound},
		{"POST", "/v2/reports", 404, protocol.StatusNotFound},
		{"GET", "/v1/authorizations", 405, protocol.StatusMethodNotAllowed},
		{"PUT", "/v1/reports", 405, protocol.StatusMethodNotAllowed},
		{"DELETE", "/v1/reports", 405, protocol.StatusMethodNotAllowed},
		{"POST", "/v1/keys", 405, protocol.StatusMethodNotAllowed},
		{"POST", "/healthz", 405, protocol.StatusMethodNotAllowed},
		{"PATCH", "/readyz", 405, protocol.StatusMethodNotAllowed},
		{"GET", "/v1/keys", 200, 0},
		{"HEAD", "/v1/keys", 200, 0},
		{"GET", "/healthz", 200, 0},
		{"GET", "/readyz", 200, 0},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			response, body := do(t, test.method, l.url+test.path, nil)
			if response.StatusCode != test.status {
				t.Fatalf("status %d, want %d: %s", response.StatusCode, test.status, body)
			}
			if test.code == 0 {
				return
			}
			var p protocol.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || p.Code != test.code || p.Status != test.status ||
				response.Header.Get("Content-Type") != protocol.ContentTypeProblem {
				t.Errorf("%s, %v", body, err)
			}
			if test.status == 405 && response.Header.Get("Allow") == "" {
				t.Error("there is no Allow header")
			}
		})
	}
}

func TestBrowsers(t *testing.T) {
	l := start(t)
	for _, path := range []string{protocol.PathAuthorizations, protocol.PathReports, protocol.PathKeys} {
		response, _ := do(t, "OPTIONS", l.url+path, http.Header{
			"Origin": {"https://shop.example.com"}, "Access-Control-Request-Method": {"POST"},
			"Access-Control-Request-Headers": {"content-type,openlts-key,openlts-mac"},
		})
		if response.StatusCode != http.StatusNoContent || response.Header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(response.Header.Get("Access-Control-Allow-Methods"), "POST") {
			t.Errorf("%s: %d, %v", path, response.StatusCode, response.Header)
		}
		for _, header := range []string{protocol.HeaderKey, protocol.HeaderMAC, "Content-Type"} {
			if !strings.Contains(response.Header.Get("Access-Control-Allow-Headers"), header) {
				t.Errorf("%s: %s is not allowed: %v", path, header, response.Header)
			}
		}
	}
	// Errors are readable, too.
	response, _ := do(t, "GET", l.url+protocol.PathReports, http.Header{"Origin": {"https://shop.example.com"}})
	if response.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), protocol.HeaderMAC) {
		t.Error(response.Header)
	}
	// What is for those who run the server is not.
	for _, path := range []string{"/healthz", "/readyz", "/nothing"} {
		for _, method := range []string{"GET", "OPTIONS"} {
			response, _ := do(t, method, l.url+path, http.Header{"Origin": {"https://shop.example.com"}})
			for name := range response.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s has %s", method, path, name)
				}
			}
		}
	}
}

// Behind a reverse proxy which serves it under a path.
func TestUnderAPath(t *testing.T) {
	l := start(t)
	target, err := url.Parse(l.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.StripPrefix("/lts", httputil.NewSingleHostReverseProxy(target)))
	defer proxy.Close()
	device := servertest.NewDevice(proxy.URL + "/lts")
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	if _, err := device.Report(device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))); err != nil {
		t.Fatal(err)
	}
}

// broken is a store that fails or panics when told so.
type broken struct {
	store.Store
	err   error
	panic any
}

func (b *broken) fail() error {
	if b.panic != nil {
		panic(b.panic)
	}
	return b.err
}

func (b *broken) Apply(ctx context.Context, keys *store.Keys, apply func(*store.State) *store.Change) error {
	return b.Store.Apply(ctx, keys, func(state *store.State) *store.Change {
		change := apply(state)
		if b.fail() != nil {
			// The work is done, and then it can't be stored.
			change.Denials = append(change.Denials, store.Denial{})
			change.Anomalies = append(change.Anomalies, store.Anomaly{Device: "of nobody: " + b.err.Error()})
		}
		return change
	})
}

func (b *broken) Ping(ctx context.Context) error {
	return errors.Join(b.Store.Ping(ctx), b.fail())
}

// A failure inside is -20194, says nothing of what is inside, and changes
// nothing; the server goes on.
func TestFailures(t *testing.T) {
	l := start(t)
	b := &broken{Store: l.store}
	lts, err := server.New(t.Context(), server.Config{Store: b, Now: l.clock, Log: l.log})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(contract(t, lts.Handler()))
	defer web.Close()
	device := servertest.NewDevice(web.URL)
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	batch := device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))
	for _, failure := range []broken{{err: errors.New("disk of secrets full")}, {panic: "secret panic"}} {
		b.err, b.panic = failure.err, failure.panic
		for name, act := range map[string]func() error{
			"authorization": func() error { _, err := device.Authorize(device.Request("100001-reader")); return err },
			"refusal":       func() error { _, err := device.Authorize(device.Request("100001-nobody")); return err },
			"report":        func() error { _, err := device.Report(batch); return err },
		} {
			if p := problem(t, act()); p.Code != protocol.StatusServerFailed || p.Status != 500 ||
				strings.Contains(p.Detail, "secret") {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if response, body := do(t, "GET", web.URL+"/readyz", nil); response.StatusCode != 500 ||
			strings.Contains(body, "secret") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
		if response, body := do(t, "GET", web.URL+"/healthz", nil); response.StatusCode != 200 {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}
	b.err, b.panic = nil, nil
	if n := panics.Counts(); n[panics.Clients]+n[panics.Writer] == 0 {
		t.Errorf("panics are not counted: %v", n)
	}
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != 0 {
		t.Errorf("%+v", s)
	}
	if receipt, err := device.Report(batch); err != nil || receipt.Accepted != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if err := lts.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := device.Report(batch); problem(t, err).Status != http.StatusServiceUnavailable {
		t.Errorf("after Shutdown: %v", err)
	}
}

// A client that sends its batch and goes away has it counted, once.
func TestDisconnects(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	const slots = 40
	run := uuid.NewString()
	batch := func(slot int64) protocol.ReportBatch {
		return device.Batch(group(run, "100001-reader", "scans", protocol.Report{
			Slot: slot * 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 1},
		}))
	}
	for slot := range int64(slots) {
		body, err := json.Marshal(batch(slot))
		if err != nil {
			t.Fatal(err)
		}
		connection, err := net.Dial("tcp", strings.TrimPrefix(l.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: test\r\nContent-Type: "+
			"application/json\r\nContent-Length: %d\r\n%s: %s\r\n%s: %s\r\n\r\n%s", protocol.PathReports,
			len(body), protocol.HeaderKey, device.ReportKeyID, protocol.HeaderMAC,
			protocol.ReportMAC(device.ReportKey, body), body)
		if err = errors.Join(err, connection.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for slot := range int64(slots) { // not knowing, it sends them again
		if _, err := device.Report(batch(slot)); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != slots {
		t.Errorf("counted %d, not %d", s.Total, slots)
	}
	l.verify(t)
}

// What was lost is noted by cause, and does not count.
func TestLosses(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	run := uuid.NewString()
	for range 2 {
		receipt, err := device.Report(device.Batch(group(run, "100001-reader", "scans",
			protocol.Report{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 3}},
			protocol.Report{
				Slot: 180, Revision: 2, Counts: map[string]int64{"QR_CODE": 5, "EAN_13": 1}, Lost: protocol.LostExpired,
			},
			protocol.Report{
				Slot: 360, Revision: 1, Counts: map[string]int64{"QR_CODE": 10}, Lost: protocol.LostStorage,
			},
		)))
		if err != nil || receipt.Accepted != 3 || receipt.Items[0].Quota.Used != 3 {
			t.Fatalf("%+v, %v", receipt, err)
		}
		// What is not here, each time it is declared.
		if want := []protocol.ReportUnits{{Report: 1, Units: 3},
			{Report: 2, Units: 10}}; !slices.Equal(receipt.Lost, want) {
			t.Errorf("the receipt says %+v, want %+v", receipt.Lost, want)
		}
	}
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != 3 || s.Lost["expired"] != 3 ||
		s.Lost["storage"] != 10 {
		t.Errorf("%+v", s)
	}
	l.verify(t)
}

// Serve answers on a listener, and Shutdown lets the request in work finish.
func TestServeAndShutdown(t *testing.T) {
	l := start(t)
	lts, err := server.New(t.Context(), server.Config{Store: l.store, Now: l.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- lts.Serve(listener) }()
	device := servertest.NewDevice("http://" + listener.Addr().String())
	body, err := json.Marshal(device.Request("100001-reader"))
	if err != nil {
		t.Fatal(err)
	}
	// A request of which half has arrived.
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\nExpect: "+
		"100-continue\r\n\r\n", protocol.PathAuthorizations, len(body)); err != nil {
		t.Fatal(err)
	}
	// "100 Continue" says that the handler is reading.
	buffer := make([]byte, 4096)
	if n, err := connection.Read(buffer); err != nil || !strings.Contains(string(buffer[:n]), "100 Continue") {
		t.Fatalf("%q, %v", buffer[:n], err)
	}
	down := make(chan error, 1)
	go func() { down <- lts.Shutdown(context.Background()) }()
	if err := <-ended; err != nil { // it listens no more
		t.Fatal(err)
	}
	if _, err := connection.Write(body); err != nil {
		t.Fatal(err)
	}
	if n, err := connection.Read(buffer); err != nil || !strings.Contains(string(buffer[:n]), "200 OK") {
		t.Errorf("%q, %v", buffer[:n], err)
	}
	if err := connection.Close(); err != nil {
		t.Error(err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}
