package license

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestMachineRoots(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	certificate := server.Certificate()
	directory := t.TempDir()
	good := filepath.Join(directory, "good.pem")
	other := filepath.Join(directory, "other.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	for path, text := range map[string][]byte{good: text, other: []byte("nothing")} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	linked := t.TempDir()
	if err := os.Symlink(good, filepath.Join(linked, "0123abcd.0")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("0123abcd.0", filepath.Join(linked, "name.pem")); err != nil {
		t.Fatal(err)
	}
	_, err := os.Lstat(filepath.Join(linked, "name.pem"))
	links := err == nil
	if !links {
		t.Log("skipped: a directory of links: this system makes none, although it said that it did, as Wine 8 does")
	}
	absent := filepath.Join(directory, "absent")
	for name, c := range map[string]struct {
		files, directories []string
		trusted            bool
	}{
		"nothing":                 {nil, nil, false},
		"absent":                  {[]string{absent}, []string{absent}, false},
		"a file":                  {[]string{absent, good}, nil, true},
		"the first file there is": {[]string{other, good}, nil, false},
		"a directory":             {nil, []string{absent, directory}, true},
		"a directory of links":    {nil, []string{linked}, links},
		"a file for a directory":  {nil, []string{good}, false},
	} {
		var m machineRoots
		pool := m.load(c.files, c.directories)
		_, err := certificate.Verify(x509.VerifyOptions{Roots: pool})
		if (err == nil) != c.trusted {
			t.Errorf("%s: trusted is %v, want %v", name, err == nil, c.trusted)
		}
		if kept := m.load(nil, nil) == pool; kept != c.trusted {
			t.Errorf("%s: kept is %v, want that only a pool which holds something is", name, kept)
		}
	}
}

func TestRootsAreReadForHTTPSAlone(t *testing.T) {
	for name, c := range map[string]struct {
		p    Parameters
		want bool
	}{
		"HTTP": {
			Parameters{MainServerURL: "http://a", StandbyServerURL: "http://b", ProxyURL: "http://c"}, false,
		},
		"main server":   {Parameters{MainServerURL: "https://a"}, true},
		"capitals":      {Parameters{MainServerURL: "HTTPS://a"}, true},
		"standby":       {Parameters{MainServerURL: "http://a", StandbyServerURL: "https://b"}, true},
		"proxy":         {Parameters{MainServerURL: "http://a", ProxyURL: "https://c"}, true},
		"not addresses": {Parameters{MainServerURL: "%zz", ProxyURL: ":"}, false},
	} {
		if got := usesTLS(&c.p); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
