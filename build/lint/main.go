// Command lint checks the rules of this project that no stock linter knows.
// Each guards a promise: no panic reaches the host, core can be used without
// cgo, nobody's file but ours is opened in a data directory, who was late is not told
// that something is broken, no test of a server depends on when it runs, no line of a
// source in Go or of a document is too wide, no comparison is torn, headings of
// documents stand alone, and no function of the header is missing anywhere.
//
// Run it from the repository's root: go run ./build/lint
package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	findings, err := lint(os.DirFS("."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

// finding is a place that breaks a rule.
type finding struct {
	position token.Position
	text     string
}

func (f finding) String() string { return f.position.String() + ": " + f.text }

// lint reads the library's Go files, tests aside, and applies the rules; clocks are looked at
// in the server's tests, lines everywhere, and functions where each has to be.
func lint(repository fs.FS) ([]finding, error) {
	l := linter{sources: token.NewFileSet()}
	for _, root := range []string{"core", "capi"} {
		err := fs.WalkDir(repository, root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("%w (run it from the repository's root)", err)
			}
			if entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := fs.ReadFile(repository, path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(l.sources, path, text, parser.ParseComments)
			if err != nil {
				return err
			}
			l.goroutines(path, file)
			l.files(path, file)
			l.chance(path, file)
			if root == "core" {
				l.cgo(path, file)
				l.failures(path, file)
			} else {
				l.exports(file)
				l.jobs(file)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := errors.Join(l.clocks(repository), l.lines(repository), l.functions(repository)); err != nil {
		return nil, err
	}
	if l.performed == 0 {
		return nil, fmt.Errorf("no call of perform was found in capi: this check no longer sees what it is for")
	}
	slices.SortFunc(l.findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.position.Filename, b.position.Filename),
			cmp.Compare(a.position.Line, b.position.Line))
	})
	return l.findings, nil
}

type linter struct {
	sources   *token.FileSet
	findings  []finding
	performed int // calls of perform
}

func (l *linter) report(node ast.Node, text string) {
	l.findings = append(l.findings, finding{l.sources.Position(node.Pos()), text})
}

// The functions that may start a goroutine are called spawn, one in each of these.
const spawn = "spawn"

var spawnDirectories = []string{"core/client", "capi"}

// goroutines: a panic in a goroutine that nobody recovers ends the host's
// process, so few functions start them all, and recover.
func (l *linter) goroutines(path string, file *ast.File) {
	for _, declaration := range file.Decls {
		function, _ := declaration.(*ast.FuncDecl)
		blessed := function != nil && function.Recv == nil && function.Name.Name == spawn &&
			slices.Contains(spawnDirectories, filepath.ToSlash(filepath.Dir(path)))
		ast.Inspect(declaration, func(node ast.Node) bool {
			statement, ok := node.(*ast.GoStmt)
			switch {
			case !ok:
			case !blessed:
				l.report(statement, "a panic in this goroutine would end the host's process; start it by "+spawn+
					" of "+strings.Join(spawnDirectories, " or "))
			case !recovers(statement.Call):
				l.report(statement, "the goroutine must begin with a deferred function that recovers")
			}
			return true
		})
	}
}

// recovers tells whether a call is one of a function literal that begins with a
// deferred function literal which calls recover.
func recovers(call *ast.CallExpr) bool {
	function, ok := call.Fun.(*ast.FuncLit)
	if !ok || len(function.Body.List) == 0 {
		return false
	}
	first, ok := function.Body.List[0].(*ast.DeferStmt)
	if !ok {
		return false
	}
	deferred, ok := first.Call.Fun.(*ast.FuncLit)
	if !ok {
		return false
	}
	found := false
	ast.Inspect(deferred.Body, func(node ast.Node) bool {
		if inner, ok := node.(*ast.CallExpr); ok {
			if name, ok := inner.Fun.(*ast.Ident); ok && name.Name == "recover" {
				found = true
			}
		}
		return !found
	})
	return found
}

// keepers are the packages that keep files in the data directory.
var keepers = []string{"core/client", "core/internal/device", "core/internal/report", "core/internal/tally"}

// systemFiles are sources in those packages that read files of the system's.
var systemFiles = []string{"core/internal/device/machine_unix.go", "core/internal/tally/owner_linux.go"}

// opening are the functions that open files whatever they are.
var opening = []string{"Open", "OpenFile", "Create", "CreateTemp", "ReadFile", "WriteFile"}

// files: a data directory may have any name, so it is in no pattern; and what lies in
// it may not be ours, so one package opens it.
func (l *linter) files(path string, file *ast.File) {
	path = filepath.ToSlash(path)
	keeps := slices.Contains(keepers, filepath.ToSlash(filepath.Dir(path))) && !slices.Contains(systemFiles, path)
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		switch from, _ := selector.X.(*ast.Ident); {
		case from == nil:
		case from.Name == "filepath" && selector.Sel.Name == "Glob":
			l.report(selector, "a directory may have any name and is not a pattern; list it with datafile.List")
		case keeps && from.Name == "os" && slices.Contains(opening, selector.Sel.Name):
			l.report(selector, "what is in a data directory may not be ours; open it with core/internal/datafile")
		}
		return true
	})
}

// alike are the files of the library where processes may draw the same numbers: which
// shard of its own tally one counts in first is no matter.
var alike = []string{"core/internal/tally/tally.go"}

// chance: processes that a server forked from one program draw the same numbers from
// Go's generator, which is seeded with what the kernel gave that program. Where they
// must differ, they come from the system.
func (l *linter) chance(path string, file *ast.File) {
	if slices.Contains(alike, path) || strings.HasPrefix(path, "core/testkit/") {
		return
	}
	for _, each := range file.Imports {
		if strings.HasPrefix(each.Path.Value, `"math/rand`) {
			l.report(each, "forked processes draw the same numbers from math/rand; use crypto/rand")
		}
	}
}

// besideSQLite is the one file of core that may use cgo: it belongs to the SQLite
// driver, and is left out without a C compiler.
const besideSQLite = "core/internal/ledger/vfs_unix.go"

// cgo: core is for Go programs as well, which may be built without a C compiler
// but for the SQLite driver.
func (l *linter) cgo(path string, file *ast.File) {
	if path == besideSQLite {
		return
	}
	for _, each := range file.Imports {
		if each.Path.Value == `"C"` {
			l.report(each, `core does not import "C"; what needs it belongs into capi`)
		}
	}
}

// failing is where it is decided whether something is broken or was late.
const failing = "core/internal/ledger/failure.go"

// failures: a lack of time must not be reported as a broken ledger.
func (l *linter) failures(path string, file *ast.File) {
	if filepath.ToSlash(path) == failing {
		return
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !selects(call.Fun, "Errorf") ||
			!selects(call.Args[0], "StatusLicenseBufferFailed") {
			return true
		}
		l.report(call, "this may be a lack of time; make it by ledger.Failed, which looks")
		return true
	})
}

func selects(node ast.Expr, name string) bool {
	selector, ok := node.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == name
}

// exports: no thread of the host's enters Go, so there is nothing for C to call. What
// C wants is a job.
func (l *linter) exports(file *ast.File) {
	for _, group := range file.Comments {
		for _, comment := range group.List {
			if strings.HasPrefix(comment.Text, "//export ") {
				l.report(comment, "no thread of the host's may enter Go; make it a job (capi/job.h)")
			}
		}
	}
}

// jobs: a job is performed by a function that begins with `defer contain(job)`,
// which turns a panic into what the host is told.
func (l *linter) jobs(file *ast.File) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		ast.Inspect(function.Body, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "perform" {
				l.performed++
				if !contained(function) {
					l.report(function, function.Name.Name+" performs a job: it must begin with `defer contain(job)`")
				}
			}
			return true
		})
	}
}

func contained(function *ast.FuncDecl) bool {
	if len(function.Body.List) == 0 {
		return false
	}
	first, ok := function.Body.List[0].(*ast.DeferStmt)
	if !ok || len(first.Call.Args) != 1 {
		return false
	}
	called, ok := first.Call.Fun.(*ast.Ident)
	if !ok || called.Name != "contain" {
		return false
	}
	argument, ok := first.Call.Args[0].(*ast.Ident)
	return ok && argument.Name == "job"
}
