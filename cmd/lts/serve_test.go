package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres"
)

var kills = flag.Int("kills", 8, "how often TestKilledUnderLoad kills the server")

// tamper changes a database behind the server's back.
func tamper(t *testing.T, data, statement string) {
	t.Helper()
	driver, source := "sqlite3", filepath.Join(data, "lts.db")+"?_busy_timeout=10000"
	if postgres.IsURL(data) {
		driver, source = "pgx", data
		statement = strings.Replace(statement, "UPDATE item SET used", "UPDATE item_use SET used", 1)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(statement)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func scans(run string, slot, revision, count int64) protocol.ReportGroup {
	return protocol.ReportGroup{Run: run, HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 1,
		Reports: []protocol.Report{{Slot: slot, Revision: revision, Counts: map[string]int64{"QR_CODE": count}}}}
}

func TestServe(t *testing.T) {
	data := standard(t)
	p := startServer(t, data, "--log-format", "json", "--log-level", "debug")
	d := servertest.NewDevice(p.url)
	request := d.Request("100001-reader")
	request.SessionPassword = "hunter2"
	if _, err := d.Authorize(request); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Report(d.Batch(scans(uuid.NewString(), 180, 1, 5))); err != nil {
		t.Fatal(err)
	}
	// A change by command holds at once.
	must(t, data, "item", "revoke", "scans")
	var problem *servertest.Problem
	if _, err := d.Authorize(request); !errors.As(err, &problem) || problem.Code != protocol.StatusItemInvalid {
		t.Error(err)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.stderr)
	}
	log := p.stderr.String()
	for _, line := range strings.Split(strings.TrimSpace(log), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if !strings.Contains(log, p.url) || strings.Contains(log, "hunter2") ||
		strings.Contains(log, protocol.Encoding.EncodeToString(d.ReportKey)) {
		t.Error(log)
	}

	// The keys are those of before: a client that remembers them goes on.
	p = startServer(t, data)
	d.BaseURL = p.url
	if receipt, err := d.Report(d.Batch(scans(uuid.NewString(), 180, 1, 5))); err != nil || receipt.Accepted != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if err := p.end(t, syscall.SIGINT); err != nil {
		t.Errorf("after SIGINT: %v\n%s", err, p.stderr)
	}
}

// The address is gone when the server is.
func TestURLFileIsRemoved(t *testing.T) {
	p := startServer(t, standard(t))
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.urlFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// Two servers on one directory count each report once.
func TestTwoServers(t *testing.T) {
	data := standard(t)
	one, two := startServer(t, data), startServer(t, data)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			d := servertest.NewDevice(one.url)
			if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
				t.Error(err)
				return
			}
			run := uuid.NewString()
			for slot := range int64(20) {
				for _, url := range []string{one.url, two.url} {
					d.BaseURL = url
					if _, err := d.Report(d.Batch(scans(run, slot, 1, 3))); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	var s statisticsJSON
	mustJSON(t, &s, data, "stats")
	if s.Total != 4*20*3 {
		t.Errorf("counted %d, not %d", s.Total, 4*20*3)
	}
	must(t, data, "verify")
}

// The server is killed again and again while devices send each report until it is
// acknowledged, and half of them once more. Nothing is lost or doubled.
func TestKilledUnderLoad(t *testing.T) {
	data := standard(t)
	var address atomic.Value
	server := startServer(t, data)
	address.Store(server.url)
	load := &servertest.Load{Code: "100001-reader", Item: "scans", Address: func() string {
		return address.Load().(string)
	}}
	done := load.Start(t, 6, servertest.Endless)
	for range *kills {
		// Kill after some more reports, at whatever it is doing then.
		if load.Await(done, 1+mathrand.Int64N(60)) {
			break // it failed
		}
		if err := server.end(t, syscall.SIGKILL); err == nil {
			t.Error("killed, and ended in good order?")
		}
		server = startServer(t, data)
		address.Store(server.url)
	}
	load.Await(done, 60)
	load.Stop()
	<-done
	var s statisticsJSON
	mustJSON(t, &s, data, "stats", "--by", "item")
	if s.Total != load.Units.Load() {
		t.Errorf("counted %d, recorded %d", s.Total, load.Units.Load())
	}
	var items []administration.Item
	mustJSON(t, &items, data, "item", "list")
	if items[0].Quota.Used != load.Units.Load() {
		t.Errorf("used %d, recorded %d", items[0].Quota.Used, load.Units.Load())
	}
	must(t, data, "verify")
	t.Logf("killed %d times; %d reports sent, %d acknowledged, %d units",
		*kills, load.Sent.Load(), load.Acknowledged.Load(), load.Units.Load())
}

// A copy made while the server works is complete in itself.
func TestBackup(t *testing.T) {
	onFiles(t)
	data := standard(t)
	p := startServer(t, data)
	d := servertest.NewDevice(p.url)
	if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	run := uuid.NewString()
	for slot := range int64(20) {
		if _, err := d.Report(d.Batch(scans(run, slot, 1, 1))); err != nil {
			t.Fatal(err)
		}
	}
	restored := t.TempDir()
	must(t, data, "backup", filepath.Join(restored, "lts.db"))
	must(t, restored, "verify")
	var s statisticsJSON
	mustJSON(t, &s, restored, "stats")
	if s.Total != 20 {
		t.Errorf("the copy counts %d", s.Total)
	}
	// The device goes on with the copy, and repeats what it is not sure of.
	again := startServer(t, restored)
	d.BaseURL = again.url
	for slot := range int64(30) {
		if _, err := d.Report(d.Batch(scans(run, slot, 1, 1))); err != nil {
			t.Fatal(err)
		}
	}
	if mustJSON(t, &s, restored, "stats"); s.Total != 30 {
		t.Errorf("counted %d", s.Total)
	}
}

func TestHTTPS(t *testing.T) {
	directory := t.TempDir()
	certificate, key := filepath.Join(directory, "cert.pem"), filepath.Join(directory, "key.pem")
	roots := selfSigned(t, certificate, key)
	p := startServer(t, standard(t), "--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key)
	if !strings.HasPrefix(p.url, "https://127.0.0.1:") {
		t.Fatal(p.url)
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	response, err := client.Get(p.url + protocol.PathKeys)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != 200 {
		t.Errorf("%d, %v", response.StatusCode, err)
	}
	client.CloseIdleConnections()

	// A certificate that can't be used changes nothing; a new one is used from then on.
	hangUp := func() {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(certificate, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp()
	until(t, "the old certificate goes on", func() bool { return serves(t, p.url, roots) })
	renewed := selfSigned(t, certificate, key)
	hangUp()
	until(t, "the new certificate is used", func() bool { return serves(t, p.url, renewed) })
	if serves(t, p.url, roots) {
		t.Error("the old certificate is still used")
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// serves tells whether a server answers with a certificate of these roots.
func serves(t *testing.T, url string, roots *x509.CertPool) bool {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(url + protocol.PathKeys)
	if err != nil {
		return false
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	return response.StatusCode == http.StatusOK
}

// A client that stalls holds up the end, but does not make it a failure; and a
// hang-up ends nobody.
func TestStalledRequest(t *testing.T) {
	t.Parallel() // waits more than it works
	p := startServer(t, standard(t))
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\nExpect: "+
		"100-continue\r\n\r\n", protocol.PathAuthorizations); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100) // "100 Continue": the handler is reading
	if _, err := connection.Read(buffer); err != nil {
		t.Fatal(err)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "cut off") {
		t.Errorf("the log does not say so:\n%s", p.stderr)
	}
}

func selfSigned(t *testing.T, certificateFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certificateFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return roots
}

// Errors of a real process: a line on stderr and status 1.
func TestExitStatus(t *testing.T) {
	for args, want := range map[string]int{"--help": 0, "--version": 0, "stats --data nowhere": 1, "nothing": 1} {
		cmd := exec.Command(os.Args[0], strings.Fields(args)...)
		cmd.Env, cmd.Dir = append(os.Environ(), runAsLTS+"=1"), t.TempDir()
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want ||
			want != 0 && !strings.HasPrefix(stderr.String(), "lts: ") {
			t.Errorf("lts %s: status %d, %q", args, got, stderr.String())
		}
	}
}
