package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A parameter that a host can set does something, in the library and in browsers, or it isn't
// offered there.
func TestEachParameterIsUsed(t *testing.T) {
	all := read(t)
	used := usedInGo(t)
	var browser strings.Builder
	for _, path := range glob(t, "bindings/javascript/src/*.ts") {
		if filepath.Base(path) != "parameters.ts" { // which only checks them
			browser.WriteString(content(t, path))
		}
	}
	guide := content(t, "docs/javascript.md")
	for _, f := range all.structure("ConnectionParameters").Visible() {
		if !used[f.Go()] {
			t.Errorf("nothing uses %s but the check of parameters: say what it does, in core/license or core/client",
				f.Go())
		}
		name := f.Name
		if f.Browser != nil {
			if f.Browser.Absent {
				continue
			}
			if f.Browser.Name != "" {
				name = f.Browser.Name
			}
		}
		if !regexp.MustCompile(`[.']` + name + `\b`).MatchString(browser.String()) {
			t.Errorf("nothing in bindings/javascript/src uses %s: use it there, or give it "+
				`"browser": {"absent": true} in %s`, name, source)
		}
		if !strings.Contains(guide, "`"+name+"`") {
			t.Errorf("the table of parameters in docs/javascript.md has no `%s`", name)
		}
	}
}

// usedInGo are the names that functions of the library select from something. Those that only
// check the parameters don't count.
func usedInGo(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	for _, path := range append(glob(t, "core/license/*.go"), glob(t, "core/client/*.go")...) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Name.Name == "Check" || f.Name.Name == "checkNumbers" {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					used[s.Sel.Name] = true
				}
				return true
			})
		}
	}
	return used
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return paths
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
