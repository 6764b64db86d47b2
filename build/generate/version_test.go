package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The version stands in one file; every other place follows it, and nothing but the
// version in it changes.
func TestTheVersionIsOneLine(t *testing.T) {
	read(t)
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	for _, each := range versionPlaces {
		text, err := os.ReadFile(each.path)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(elsewhere, each.path)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(versionFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(elsewhere)
	set := func(version string) (map[string][]byte, error) {
		if err := os.WriteFile(versionFile, []byte(version), 0o600); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		return files, emitVersion(files)
	}
	files, err := set("12.34.56\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range versionPlaces {
		if n := strings.Count(string(files[each.path]), "12.34.56"); n != each.times {
			t.Errorf("%s has the new version %d times, want %d", each.path, n, each.times)
		}
	}
	if !strings.Contains(string(files["include/openlts/openlts.h"]), "\n#define LTS_VERSION_NUMBER 123456\n") {
		t.Error("the number of the version is not in the header")
	}
	files, err = set(string(old))
	if err != nil {
		t.Fatal(err)
	}
	for path, got := range files {
		if want, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(got) != string(want) {
			t.Errorf("%s does not hold the version of %s (%v)", path, versionFile, err)
		}
	}
	for _, bad := range []string{"", "1.2\n", "1.2.3.4\n", "v1.2.3\n", "01.2.3\n", "1.2.3 \n",
		"100.0.0\n", "-1.2.3\n"} {
		if _, err := set(bad); err == nil {
			t.Errorf("%q was taken for a version", bad)
		}
	}
}

func TestAVersionThatIsNotFound(t *testing.T) {
	p := place{"file", `version (.*)`, 1}
	for _, text := range []string{"", "version 1\nversion 2\n"} {
		if got, err := p.set([]byte(text), "3"); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}
