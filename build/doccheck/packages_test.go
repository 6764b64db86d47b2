package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// The table of packages in docs/design.md names every package of core and server, and
// no other. A name without its folder is one beside the first of its row.
func TestPackagesAreListed(t *testing.T) {
	repository := os.DirFS("../..")
	text, err := fs.ReadFile(repository, "docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## Packages\n")
	if !found {
		t.Fatal("docs/design.md has no section Packages")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	listed := map[string]bool{}
	for line := range strings.SplitSeq(table, "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cell := strings.Split(line, "|")[1]
		first := ""
		for _, name := range quoted.FindAllStringSubmatch(cell, -1) {
			if first == "" {
				first = name[1]
			} else if !strings.Contains(name[1], "/") {
				name[1] = path.Join(path.Dir(first), name[1])
			}
			listed[name[1]] = true
		}
	}
	packages := map[string]bool{}
	for _, root := range []string{"core", "server"} {
		err := fs.WalkDir(repository, root, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
				packages[path.Dir(name)] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range packages {
		if !listed[name] {
			t.Errorf("the table of packages in docs/design.md does not list %s", name)
		}
	}
	for name := range listed {
		ours := slices.Contains([]string{"core", "server"}, strings.Split(name, "/")[0])
		if ours && !packages[name] {
			t.Errorf("docs/design.md lists the package %s, which does not exist", name)
		}
	}
}
