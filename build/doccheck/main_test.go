package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository makes a repository of files, none of them committed.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	if _, err := git(root, "init", "--quiet"); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestCheck(t *testing.T) {
	root := repository(t, map[string]string{
		".gitignore":    "/out/\n",
		"build/library": "#!/bin/sh\n",
		"docs/design.md": "# The design\n[back](../README.md) [itself](#the-design) `docs/none.md` " +
			"`build/plan.txt`\n",
		"docs/old/build/plan.txt": "",
		"README.md": strings.Join([]string{
			"[good](docs/design.md#the-design) [directory](docs) [web](https://example.com/none)", // 1
			"[bad](docs/none.md) [bad heading](docs/design.md#none) [absolute](/docs/design.md)",
			"`build/library` `./build/library` `out/lib/libopenlts.so` `other/none` `a command of build/none`",
			"`build/none`",
			"```sh",
			"./build/none --help   # said in a comment",
			"./build/library && ./out/bin/lts serve",
			"```",
			"",
		}, "\n"),
		"build/tool/main.go": "package main\n\n// See build/none.go, docs/design.md and net/http/server.go.\n" +
			"var url = \"https://example.com/build/none.go\" // and plan/here.go\n",
		"build/tool/plan/here.go": "package plan\n",
		"notes.txt": "kept in /ho" +
			"me/alice/notes\nkept in ~/notes, see https://example.com/ho" + "me/alice\n",
		"binary.dat": "\x00/ho" + "me/alice\n",
	})
	if err := os.WriteFile(filepath.Join(root, "here.txt"), []byte("built in "+filepath.ToSlash(root)+"/out\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	findings, err := check(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"README.md:2: the link docs/none.md leads nowhere",
		"README.md:2: the link docs/design.md#none leads nowhere",
		"README.md:2: the link /docs/design.md is absolute",
		"README.md:4: there is no build/none",
		"README.md:6: there is no build/none",
		"build/tool/main.go:3: the comment cites build/none.go, which does not exist",
		"docs/design.md:2: there is no docs/none.md",
		"here.txt:1: ",
		"notes.txt:1: ",
	}
	if !slices.EqualFunc(findings, want, strings.HasPrefix) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(findings, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheckOutsideOfGit(t *testing.T) {
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(t.TempDir()))
	if _, err := check(t.TempDir()); err == nil || !strings.Contains(err.Error(), "git ls-files") {
		t.Errorf("the error is %v", err)
	}
}
