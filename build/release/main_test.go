package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A release has the sums of all its files, signed by the key that was given; made again,
// it is the same.
func TestRelease(t *testing.T) {
	directory, keys := t.TempDir(), t.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(keys, "key.pem")
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	write(t, filepath.Join(directory, "a.zip"), "abc")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var before string
	for range 2 {
		if err := run([]string{"-version", "1.2.3", "-key", key, directory, "openlts=" + program + ",sqlite=3.1",
			"lts=" + program}); err != nil {
			t.Fatal(err)
		}
		sums, err := os.ReadFile(filepath.Join(directory, sumsName))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(sums), "\n")
		if len(lines) != 4 || lines[0] != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.zip" ||
			!strings.HasSuffix(lines[1], "  lts-1.2.3.cdx.json") ||
			!strings.HasSuffix(lines[2], "  openlts-1.2.3.cdx.json") ||
			lines[3] != "" {
			t.Errorf("sums: %q", lines)
		}
		signature, err := os.ReadFile(filepath.Join(directory, signatureName))
		if err != nil || !ed25519.Verify(public, sums, signature) {
			t.Errorf("signature: %x, %v", signature, err)
		}
		if before != "" && before != string(sums) {
			t.Errorf("made again, it differs: %s", sums)
		}
		before = string(sums)
	}
}

func TestKeysThatAreOfNoUse(t *testing.T) {
	directory := t.TempDir()
	key := filepath.Join(t.TempDir(), "key.pem")
	for _, text := range []string{"", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"} {
		write(t, key, text)
		err := run([]string{"-version", "1.2.3", "-key", key, directory, "openlts=nowhere"})
		if err == nil || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestBill(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.30.1", Deps: []*debug.Module{
		{Path: "example.com/a", Version: "v1.0.0"},
		{Path: "example.com/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/c", Version: "v2.0.0"}},
	}}
	text, err := billOf(info, "lts", "1.2.3", []component{generic("sqlite", "3.1")})
	if err != nil {
		t.Fatal(err)
	}
	var got bill
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	var purls []string
	for _, each := range got.Components {
		purls = append(purls, each.PURL)
	}
	want := "pkg:golang/stdlib@1.30.1 pkg:golang/example.com/a@v1.0.0 pkg:golang/example.com/c@v2.0.0 " +
		"pkg:generic/sqlite@3.1"
	if strings.Join(purls, " ") != want || got.Format != "CycloneDX" || got.Metadata.Component.Version != "1.2.3" ||
		got.Metadata.Component.Name != "lts" {
		t.Errorf("%s", text)
	}
	contains := []dependency{{Ref: "pkg:generic/lts@1.2.3", On: purls}}
	if !reflect.DeepEqual(got.Dependencies, contains) || got.Metadata.Supplier.Name == "" {
		t.Errorf("%v by %v, want %v", got.Dependencies, got.Metadata.Supplier, contains)
	}
}

func TestParseProduct(t *testing.T) {
	made, err := parseProduct("lts=out/lts,sqlite=3.1,uplot=1.6")
	if err != nil || made.name != "lts" || made.file != "out/lts" || len(made.brought) != 2 ||
		made.brought[1].PURL != "pkg:generic/uplot@1.6" {
		t.Errorf("%+v, %v", made, err)
	}
	for _, text := range []string{"", "lts", "lts=", "=file", "../lts=file", `a\b=file`, "lts=file,", "lts=file,sqlite",
		"lts=file,=3"} {
		if made, err := parseProduct(text); err == nil {
			t.Errorf("%q: %+v", text, made)
		}
	}
}
