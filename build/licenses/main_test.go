package main

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func file(t *testing.T, directory, name, text string) string {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// programWith is a program, namely this test, that was linked as a map says.
func programWith(t *testing.T, linkMap string) string {
	t.Helper()
	this, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	if err := os.Symlink(this, program); err != nil {
		t.Fatal(err)
	}
	file(t, filepath.Dir(program), "program.map", linkMap)
	return program
}

// A program brings the terms of Go and of each of its modules; and two programs do so once.
func TestTheTermsOfAProgram(t *testing.T) {
	program := programWith(t, "")
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	chart := file(t, t.TempDir(), "terms", "as you like\r\n")
	if err := run(&out, []string{program, programWith(t, ""), "A chart=" + chart}); err != nil {
		t.Fatal(err)
	}
	wanted := []string{"\nGo\n\nCopyright 2009 The Go Authors.", "\nA chart\n\nas you like\n", "SQLite"}
	for _, module := range info.Deps {
		wanted = append(wanted, "\n"+module.Path+" "+module.Version+"\n\n")
	}
	for _, want := range wanted {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("%q is not once in\n%s", want, out.String())
		}
	}
}

func TestWhatGivesTerms(t *testing.T) {
	directory := t.TempDir()
	file(t, directory, "main.go", "package main")
	if err := os.Mkdir(filepath.Join(directory, "LICENSES"), 0o700); err != nil {
		t.Fatal(err)
	}
	if found, err := licensesIn(directory); err == nil {
		t.Errorf("%v gives terms", found)
	}
	want := []string{file(t, directory, "Copying.md", "a"), file(t, directory, "LICENSE.txt", "b"),
		file(t, directory, "NOTICE", "c")}
	if found, err := licensesIn(directory); err != nil || !slices.Equal(found, want) {
		t.Errorf("%v, %v, want %v", found, err, want)
	}
}

func TestWrongArguments(t *testing.T) {
	program := programWith(t, "")
	for _, arguments := range [][]string{
		nil, {"absent"}, {program, "no file"}, {program, "a=absent"},
		{programWith(t, "LOAD /usr/lib/libunheard.a(of.o)")}, {file(t, t.TempDir(), "text", "no program")},
	} {
		var out strings.Builder
		if err := run(&out, arguments); err == nil || out.String() != "" {
			t.Errorf("%q: %v, %q", arguments, err, out.String())
		}
	}
}
