package license_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

// foreignServer is an HTTPS server whose certificate no machine trusts, and a
// file with the root that vouches for it.
func foreignServer(t *testing.T) (address, root string) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("{}"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	root = filepath.Join(t.TempDir(), "root.pem")
	write(t, root, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return server.URL, root
}

func write(t *testing.T, path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask makes the transport that parameters ask for, and asks their server.
func ask(t *testing.T, p *license.Parameters) error {
	transport, err := license.NewTransport(p)
	defer transport.CloseIdleConnections()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = license.Post(ctx, transport, p.MainServerURL, "/", nil, []byte("{}"))
	return err
}

// Whom the library trusts is not decided by who sets the host's environment.
func TestEnvironmentDecidesNoTrust(t *testing.T) {
	address, root := foreignServer(t)
	t.Setenv("SSL_CERT_FILE", root)
	t.Setenv("SSL_CERT_DIR", filepath.Dir(root))
	p := parameters(address)
	err := ask(t, &p)
	if protocol.StatusOf(err) != protocol.StatusFailedToReachLTS || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a root that only SSL_CERT_FILE names: %v, want that the certificate is not trusted", err)
	}
	p.CAFile = root
	if err := ask(t, &p); err != nil {
		t.Errorf("with caFile: %v", err)
	}
}

func TestCAFile(t *testing.T) {
	address, root := foreignServer(t)
	directory := t.TempDir()
	text, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	special := `x[1] *?\.pem`
	if runtime.GOOS == "windows" {
		special = "x[1] {%d}.pem" // of the others, no name there may have any
	}
	for name, c := range map[string]struct {
		text string // of the file, if one is to be made
		says string // "" if the file is good
	}{
		"good.pem":    {string(text), ""},
		"more.pem":    {"Subject: a comment\n" + string(text), ""},
		"missing.pem": {"", whyNot(t, filepath.Join(directory, "missing.pem"))},
		"empty.pem":   {"", "it is empty"},
		"text.pem":    {"not a certificate", "no certificate in PEM form"},
		"key.pem": {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
			"no certificate in PEM form"},
		"torn.pem":     {string(text[:len(text)/2]), "no certificate in PEM form"},
		"directory":    {"", "it is a directory"},
		"huge.pem":     {"", "larger than"},
		"no\nline.pem": {"", whyNot(t, filepath.Join(directory, "no\nline.pem"))},
		special:        {string(text), ""},
	} {
		path := filepath.Join(directory, name)
		switch name {
		case "directory":
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		case "huge.pem": // 1 TiB, none of it on the disk
			write(t, path, string(text))
			if err := os.Truncate(path, 1<<40); err != nil {
				t.Fatal(err)
			}
		case "missing.pem", "no\nline.pem":
		default:
			write(t, path, c.text)
		}
		p := parameters(address)
		p.CAFile = path
		checkCAFile(t, name, ask(t, &p), fmt.Sprintf("%q", path), c.says)
	}
}

// whyNot is what the system says of a file that can't be opened.
func whyNot(t *testing.T, path string) string {
	t.Helper()
	_, err := os.Open(path)
	var reason *fs.PathError
	if !errors.As(err, &reason) {
		t.Fatalf("%s: %v, want an error of a path", path, err)
	}
	return reason.Err.Error()
}

// checkCAFile checks that an error is caFile's own: it names the file, the
// reason, and is one line for people that fits the 256 bytes hosts keep for it.
func checkCAFile(t *testing.T, name string, err error, path, says string) {
	t.Helper()
	switch {
	case says == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case says != "" &&
		(protocol.StatusOf(err) != protocol.StatusInvalidArgument || !strings.Contains(err.Error(), says) ||
			!strings.Contains(err.Error(), "caFile "+path) || strings.Contains(err.Error(), "\n") ||
			len(err.Error()) > 255):
		t.Errorf("%s: %v, want INVALID_ARGUMENT which names caFile, %s and %q", name, err, path, says)
	}
}
