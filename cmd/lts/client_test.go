package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// The tests of this file put a client before a real server process, and do to them
// what customers, administrators and strangers do.

func clientParameters(server, directory string) license.Parameters {
	p := license.Defaults()
	p.MainServerURL, p.HandshakeCode, p.DataDirectory, p.SlotSeconds = server, "100001-reader", directory, 2
	p.Resubmit = protocol.ResubmitInterval
	return p
}

func openClient(t *testing.T, p license.Parameters, environment client.Environment) *client.License {
	t.Helper()
	l, err := client.Open(t.Context(), p, environment)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// use records and submits, and closes.
func use(t *testing.T, l *client.License, n uint32) {
	t.Helper()
	if err := l.Record(protocol.OperationTypeQRCode, n); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// again starts a server where one was before.
func again(t *testing.T, p *process, data string) *process {
	t.Helper()
	return startServer(t, data, "--listen", strings.TrimPrefix(p.url, "http://"))
}

func counted(t *testing.T, data string) (byItem map[string]int64) {
	t.Helper()
	var s statisticsJSON
	mustJSON(t, &s, data, "stats", "--by", "item")
	byItem = map[string]int64{}
	for _, row := range s.Rows {
		byItem[row.Item] = row.Count
	}
	return byItem
}

func flags(t *testing.T, l *client.License) protocol.StateFlag {
	t.Helper()
	info, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.Flags
}

// A clock that stands years ahead while the server is asked, and is set back then,
// gains nothing.
func TestClockForwardAndBack(t *testing.T) {
	const year = 365 * 24 * time.Hour
	data := standard(t)
	server := startServer(t, data)
	p := clientParameters(server.url, t.TempDir())
	clock := &testkit.ShiftedClock{}
	clock.Step(11 * year)
	use(t, openClient(t, p, client.Environment{Clock: clock}), 3)
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	clock.Step(-11 * year)
	for _, later := range []time.Duration{0, year, 4 * year} {
		clock.Step(later)
		_, err := client.Open(t.Context(), p, client.Environment{Clock: clock})
		if protocol.StatusOf(err) != protocol.StatusFailedToReachLTS ||
			!strings.Contains(err.Error(), "the clock was set back") {
			t.Errorf("after %v: %v", later, err)
		}
	}
	clock.Step(-5 * year)
	again(t, server, data)
	l := openClient(t, p, client.Environment{Clock: clock})
	if f := flags(t, l); f&protocol.StateFlagClockAnomaly == 0 {
		t.Errorf("the clock's ways are not flagged: %x", f)
	}
	use(t, l, 4)
	if c := counted(t, data)["scans"]; c != 7 {
		t.Errorf("counted %d", c)
	}
}

// Two vendors issue the same handshake code, and share a data directory. The SDK of
// the one, whose server is down, has nothing of what the other's granted.
func TestTwoVendorsWithOneCode(t *testing.T) {
	x, y, directory := standard(t), standard(t), t.TempDir()
	serverX, serverY := startServer(t, x), startServer(t, y)
	use(t, openClient(t, clientParameters(serverX.url, directory), client.Environment{}), 3)
	if err := serverY.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Open(t.Context(), clientParameters(serverY.url, directory),
		client.Environment{}); protocol.StatusOf(err) != protocol.StatusFailedToReachLTS {
		t.Fatalf("the other vendor's SDK: %v", err)
	}
	serverY = again(t, serverY, y)
	use(t, openClient(t, clientParameters(serverY.url, directory), client.Environment{}), 5)
	if a, b := counted(t, x)["scans"], counted(t, y)["scans"]; a != 3 || b != 5 {
		t.Errorf("counted %d and %d", a, b)
	}
	// A license key pins its server: the other one's is not believed, at no address.
	p := license.Defaults()
	if err := p.ApplyKey(must(t, x, "handshake", "key", "100001-reader", "--server", serverY.url)); err != nil {
		t.Fatal(err)
	}
	p.DataDirectory = t.TempDir()
	_, err := client.Open(t.Context(), p, client.Environment{})
	if protocol.StatusOf(err) != protocol.StatusServerKeyMismatch ||
		!strings.Contains(err.Error(), "lts key show") {
		t.Errorf("a customer's own server: %v", err)
	}
}

// A process that never ends learns that its item was revoked, and of the item that
// takes its place.
func TestRevokedAndRenewedInUse(t *testing.T) {
	data := standard(t)
	server := startServer(t, data)
	l := openClient(t, clientParameters(server.url, t.TempDir()), client.Environment{RenewEvery: time.Millisecond})
	record := func(n uint32) {
		t.Helper()
		if err := l.Record(protocol.OperationTypeQRCode, n); err != nil {
			t.Fatal(err)
		}
	}
	record(3)
	must(t, data, "item", "revoke", "scans")
	until(t, "the revocation is noticed", func() bool { return flags(t, l)&protocol.StateFlagAuthorizationLapsed != 0 })
	if err := l.Submit(t.Context()); err != nil || counted(t, data)["scans"] != 3 {
		t.Errorf("%v, counted %v", err, counted(t, data))
	}
	must(t, data, "item", "add", "scans 2027", "--id", "scans-2027", "--org", "100001", "--charge-way", "scan",
		"--quota", "2000", "--handshake", "100001-reader")
	until(t, "the renewal is noticed", func() bool { return flags(t, l) == 0 })
	record(4)
	info, err := l.Info(t.Context())
	if err != nil || info.Grant.Item.ID != "scans-2027" || info.Quota.Limit != 2000 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if c := counted(t, data); c["scans"] != 3 || c["scans-2027"] != 4 {
		t.Errorf("counted %v", c)
	}
}

// A server is restored from a backup that is older than the device. The device goes
// on without a restart.
func TestRestoredFromABackup(t *testing.T) {
	onFiles(t)
	data := standard(t)
	server := startServer(t, data)
	backup := filepath.Join(t.TempDir(), "backup.db")
	must(t, data, "backup", backup)
	l := openClient(t, clientParameters(server.url, t.TempDir()), client.Environment{})
	if err := l.Record(protocol.OperationTypeQRCode, 3); err != nil {
		t.Fatal(err)
	}
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	copied, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(restored, "lts.db"), copied, 0o600); err != nil {
		t.Fatal(err)
	}
	again(t, server, restored)
	until(t, "the device introduced itself and reported", func() bool { return counted(t, restored)["scans"] == 3 })
	if err := l.Record(protocol.OperationTypeQRCode, 4); err != nil {
		t.Fatal(err)
	}
	if err := l.Submit(t.Context()); err != nil || counted(t, restored)["scans"] != 7 {
		t.Errorf("%v, counted %v", err, counted(t, restored))
	}
	if verified := must(t, restored, "verify"); verified == "" {
		t.Error("nothing was verified")
	}
}

// The backup knows the device, but not what it was granted since: nothing is lost, and
// no restart is needed.
func TestRestoredWithoutTheGrant(t *testing.T) {
	data := standard(t)
	server := startServer(t, data)
	l := openClient(t, clientParameters(server.url, t.TempDir()), client.Environment{})
	if err := l.Record(protocol.OperationTypeQRCode, 3); err != nil {
		t.Fatal(err)
	}
	tamper(t, data, "DELETE FROM report_grant")
	until(t, "the device was granted it again and reported", func() bool {
		if err := l.Submit(t.Context()); err != nil {
			t.Log(err)
		}
		return counted(t, data)["scans"] == 3
	})
	info, err := l.Info(t.Context())
	if err != nil || info.Usage.Accepted != 3 || info.Usage.Lost() != 0 {
		t.Errorf("%+v, %v", info.Usage, err)
	}
}

// Somebody on the way refuses in the server's name: nothing is lost. When the server
// itself refuses, it is believed.
func TestForgedRefusal(t *testing.T) {
	data := standard(t)
	server := startServer(t, data)
	target, err := url.Parse(server.url)
	if err != nil {
		t.Fatal(err)
	}
	var forged atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(target)
	middle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forged.Load() || r.URL.Path != protocol.PathAuthorizations {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", protocol.ContentTypeProblem)
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(
			[]byte(`{"type":"about:blank","title":"LIMIT_EXCEEDED","status":403,"detail":"Gone.","code":-20120}`))
	}))
	defer middle.Close()
	p := clientParameters(middle.URL, t.TempDir())
	use(t, openClient(t, p, client.Environment{}), 1)
	forged.Store(true)
	for range 2 {
		l := openClient(t, p, client.Environment{})
		info, err := l.Info(t.Context())
		if err != nil || info.Flags&protocol.StateFlagCacheUsed == 0 || !strings.Contains(info.Message, "not signed") {
			t.Errorf("%+v, %v", info, err)
		}
		use(t, l, 2)
	}
	forged.Store(false)
	must(t, data, "item", "revoke", "scans")
	for range 2 {
		_, err := client.Open(t.Context(), p, client.Environment{})
		if protocol.StatusOf(err) != protocol.StatusItemInvalid {
			t.Errorf("revoked: %v", err)
		}
	}
	forged.Store(true)
	_, err = client.Open(t.Context(), p, client.Environment{})
	if protocol.StatusOf(err) != protocol.StatusServerResponseInvalid {
		t.Errorf("after a proven refusal: %v", err)
	}
	if c := counted(t, data)["scans"]; c != 5 {
		t.Errorf("counted %d", c)
	}
}
