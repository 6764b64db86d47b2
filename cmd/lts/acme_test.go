package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/teststore"
)

// acmeName is the name that the certificate authority of the tests looks up.
const acmeName = "lts.example.com"

// Where servers listen, and the authority of the tests, at an address of the test's own.
const (
	acmePort      = "1443"
	acmeHTTPPort  = "1080"
	authorityPort = "1400"
	unusedPort    = "1999"
)

// nameServer answers, by TCP, that every name is an address of this machine, and gives its own.
func nameServer(t *testing.T, loopback string) string {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // ends the goroutine
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }() // who hears nothing asks again
				for answerName(connection, [4]byte(net.ParseIP(loopback).To4())) == nil {
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// answerName answers one question.
func answerName(connection io.ReadWriter, address [4]byte) error {
	var size uint16
	if err := binary.Read(connection, binary.BigEndian, &size); err != nil {
		return err
	}
	packet := make([]byte, size)
	if _, err := io.ReadFull(connection, packet); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: address},
			})
		}
	}
	answer, err := m.Pack()
	if err != nil {
		return err
	}
	_, err = connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}

// pebble runs Let's Encrypt's certificate authority for tests, which reaches servers at
// an address and these ports of it. It gives its directory, the file of the root by which
// that is known, and what ends it.
func pebble(t *testing.T, loopback, tlsPort, httpPort string) (directory, root string, end func()) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "out", "tools", "pebble"))
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Skipf("there is no certificate authority to ask (build/bootstrap test installs it): %v", err)
	}
	folder := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(loopback)}, IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(loopback, authorityPort)
	root = filepath.Join(folder, "root.pem")
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": address, "certificate": root, "privateKey": filepath.Join(folder, "key.pem"),
		"httpPort": json.Number(httpPort), "tlsPort": json.Number(tlsPort),
		"profiles": map[string]any{"default": map[string]any{"description": "for tests", "validityPeriod": 7776000}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"root.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), "settings.json": settings,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, program, "-config", filepath.Join(folder, "settings.json"), "-dnsserver",
		nameServer(t, loopback))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(func() {
		end()
		if t.Failed() {
			t.Logf("the certificate authority said:\n%s", said.String())
		}
	})
	until(t, "the certificate authority listens", func() bool {
		connection, err := net.Dial("tcp", address)
		return err == nil && connection.Close() == nil
	})
	return "https://" + address + "/dir", root, end
}

// A server has its certificate from a certificate authority, proven at its own port or
// at that of HTTP; keeps it; and gives none for names that are not its own.
func TestACME(t *testing.T) {
	for _, proof := range []string{"tls", "http"} {
		t.Run(proof, func(t *testing.T) {
			loopback := servertest.Loopback()
			reached := map[string]string{"tls": acmePort, "http": unusedPort}[proof]
			directory, root, end := pebble(t, loopback, reached, acmeHTTPPort)
			address := net.JoinHostPort(loopback, acmePort)
			data, cache := standard(t), filepath.Join(t.TempDir(), "certificates")
			args := []string{"--listen", address, "--acme-domain", acmeName,
				"--acme-directory", directory, "--acme-ca", root,
				"--acme-cache", cache, "--acme-email", "operator@example.com"}
			if proof == "http" {
				args = append(args, "--acme-http", net.JoinHostPort(loopback, acmeHTTPPort))
			}
			server := startServer(t, data, args...)
			if want := "https://" + net.JoinHostPort(acmeName, acmePort); server.url != want {
				t.Errorf("it says it is at %s, not %s", server.url, want)
			}
			var first *x509.Certificate
			until(t, "the certificate is there", func() bool {
				var err error
				if first, err = certificateFor(t, address, acmeName); err != nil {
					t.Log(err)
				}
				return err == nil
			})
			if names := first.DNSNames; len(names) != 1 || names[0] != acmeName ||
				!strings.Contains(first.Issuer.CommonName, "Pebble") {
				t.Errorf("a certificate for %v by %s", names, first.Issuer)
			}
			for _, other := range []string{"other.example.com", ""} {
				if c, err := certificateFor(t, address, other); err == nil {
					t.Errorf("for %q there is a certificate: %v", other, c.DNSNames)
				}
			}
			if proof == "http" {
				redirected(t, net.JoinHostPort(loopback, acmeHTTPPort))
			}
			if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the directory of keys: %v, %v", info, err)
			}

			// The next start needs nobody.
			if err := server.end(t, syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			end()
			startServer(t, data, args...)
			if again, err := certificateFor(t, address, acmeName); err != nil || !again.Equal(first) {
				t.Errorf("after a restart: %v, %v", again, err)
			}
		})
	}
}

// Servers on one PostgreSQL database share what one of them has of the authority, without
// being told where to keep it.
func TestACMEIsShared(t *testing.T) {
	data := postgrestest.Database(t)
	must(t, data, "org", "add", "Example Corp", "--id", "100001")
	loopback := servertest.Loopback()
	directory, root, end := pebble(t, loopback, acmePort, unusedPort)
	var first *x509.Certificate
	for i, port := range []string{acmePort, "2443"} {
		address := net.JoinHostPort(loopback, port)
		startServer(t, data, "--listen", address, "--acme-domain", acmeName,
			"--acme-directory", directory, "--acme-ca", root)
		var certificate *x509.Certificate
		until(t, "the certificate is there", func() (there bool) {
			var err error
			certificate, err = certificateFor(t, address, acmeName)
			return err == nil
		})
		if i == 0 {
			end() // nobody is there to be asked for a second one
			first = certificate
		} else if !certificate.Equal(first) {
			t.Errorf("%v, and %v", first.SerialNumber, certificate.SerialNumber)
		}
	}
}

// What is kept in a database is what was kept last under a name.
func TestStoredCertificates(t *testing.T) {
	s := teststore.New(t)
	cache, ctx := storedCertificates{s}, t.Context()
	for _, put := range []string{"", "first", "second\n-----BEGIN ü"} {
		if put != "" {
			if err := cache.Put(ctx, "name", []byte(put)); err != nil {
				t.Fatal(err)
			}
		}
		if data, err := cache.Get(ctx, "name"); string(data) != put ||
			(put == "") != errors.Is(err, autocert.ErrCacheMiss) || put != "" && err != nil {
			t.Errorf("%q: %q, %v", put, data, err)
		}
	}
	for range 2 {
		if err := cache.Delete(ctx, "name"); err != nil {
			t.Error(err)
		}
		if _, err := cache.Get(ctx, "name"); !errors.Is(err, autocert.ErrCacheMiss) {
			t.Error(err)
		}
	}
}

// certificateFor is the certificate that a server shows for a name, after a request.
func certificateFor(t *testing.T, address, name string) (*x509.Certificate, error) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true,
		DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			// Nobody knows the root of an authority that lives for one test; who it is, is compared.
			dialer := tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}}
			return dialer.DialContext(ctx, network, address)
		}}
	client := http.Client{Transport: transport, Timeout: 30 * time.Second}
	response, err := client.Get("https://" + acmeName + "/healthz")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	connection, err := transport.DialTLSContext(t.Context(), "tcp", address)
	if err != nil {
		return nil, err
	}
	certificate := connection.(*tls.Conn).ConnectionState().PeerCertificates[0]
	return certificate, connection.Close()
}

// redirected looks whether who comes by HTTP is sent to HTTPS.
func redirected(t *testing.T, address string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/somewhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = acmeName
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusFound ||
		to != "https://"+acmeName+"/somewhere" {
		t.Errorf("%s to %q", response.Status, to)
	}
}

// What can't work is said before anything is done.
func TestACMEFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"is not the full name":       {"--acme-domain", "localhost"},
		"lts.example.com:443":        {"--acme-domain", "lts.example.com:443"},
		"192.0.2.1":                  {"--acme-domain", "192.0.2.1"},
		"*.example.com":              {"--acme-domain", "*.example.com"},
		"--acme-domain is missing":   {"--acme-email", "operator@example.com"},
		"two ways to the same thing": {"--acme-domain", acmeName, "--tls-cert", "a", "--tls-key", "b"},
		"begins with https://":       {"--acme-domain", acmeName, "--acme-directory", "http://127.0.0.1/dir"},
		"no certificate (PEM)":       {"--acme-domain", acmeName, "--acme-ca", os.Args[0], "--acme-cache", t.TempDir()},
	} {
		if _, err := run(newData(t), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}
