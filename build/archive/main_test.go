package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestArchive(t *testing.T) {
	directory := t.TempDir()
	one, two := filepath.Join(directory, "one"), filepath.Join(directory, "two")
	for _, file := range []string{one, two} {
		if err := os.WriteFile(file, []byte(filepath.Base(file)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, again := filepath.Join(directory, "first.zip"), filepath.Join(directory, "again.zip")
	if err := run([]string{first, "b/two=" + two, "a=" + one}); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{again, "a=" + one, "b/two=" + two}); err != nil {
		t.Fatal(err)
	}
	x, _ := os.ReadFile(first)
	y, _ := os.ReadFile(again)
	if !bytes.Equal(x, y) {
		t.Error("the order of arguments makes a difference")
	}
	r, err := zip.NewReader(bytes.NewReader(x), int64(len(x)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ name, content string }{{"a", "one"}, {"b/two", "two"}} {
		f, err := r.File[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err != nil || r.File[i].Name != want.name || string(content) != want.content {
			t.Errorf("%s holds %q, %v", r.File[i].Name, content, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		nil, {"x.zip"}, {"x.zip", "name"}, {"x.zip", "a=" + file + "none"}, {"x.zip", "a=" + file, "a=" + file},
		{"x.zip", "/a=" + file}, {"x.zip", "../a=" + file}, {"x.zip", "a/../b=" + file}, {"x.zip", "=" + file},
		{"x.zip", `a\b=` + file},
	} {
		if err := run(arguments); err == nil {
			t.Errorf("%q is taken", arguments)
		}
	}
}
