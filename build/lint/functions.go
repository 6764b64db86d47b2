package main

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"regexp"
	"strings"
)

// header declares the functions of the library.
const header = "include/openlts/openlts.h"

// functionTable is where each function has a row, whose last column says for how long it may block.
const functionTable = "docs/abi.md"

// mentions are the files in which each function of the header has to be, and what for.
var mentions = []struct{ path, what string }{
	{functionTable, "a row"},
	{"capi/exports.map", "its name, or the library doesn't export it"},
	{"capi/test/symbols.txt", "its name"},
	{"capi/test/promised.c", "its declaration"},
	{"capi/test/robustness.c", "a test of its misuse"},
	{"include/openlts/openlts.hpp", "its form for C++"},
	{"bindings/python/src/openlts/native.py", "its declaration"},
	{"bindings/csharp/src/OpenLTS/NativeMethods.cs", "its declaration"},
	{"bindings/java/src/main/c/openlts_jni.c", "its form for Java"},
}

// ofBlocking are those in which each function that may block has to be, too.
var ofBlocking = []struct{ path, what string }{
	{"capi/test/deadline_host.c", "a test of its deadline"},
	{"capi/test/fork_host.c", "a test of it in a forked child"},
	{"bindings/objc/src/OpenLTSKit.m", "its form for Objective-C"},
}

var (
	declaredFunction = regexp.MustCompile(`(?m)^LTS_API [^(]*LTS_CALL (LTS_\w+)\(`)
	functionRow      = regexp.MustCompile("(?m)^\\| `(LTS_\\w+)` \\|.*\\| ([^|]*) \\|$")
)

// functions: what the header declares is exported, promised, tested and bound in each
// language. The tests of each language find what it lacks, but late, and one after the other.
func (l *linter) functions(repository fs.FS) error {
	text, err := fs.ReadFile(repository, header)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	declared := declaredFunction.FindAllSubmatchIndex(text, -1)
	if len(declared) == 0 {
		return fmt.Errorf("no function was found in %s: this check no longer sees what it is for", header)
	}
	contents := map[string]string{}
	for _, m := range append(mentions, ofBlocking...) {
		content, err := fs.ReadFile(repository, m.path)
		if err != nil {
			return err
		}
		contents[m.path] = string(content)
	}
	blocking := map[string]bool{}
	for _, row := range functionRow.FindAllStringSubmatch(contents[functionTable], -1) {
		blocking[row[1]] = row[2] != "-"
	}
	for _, at := range declared {
		name := string(text[at[2]:at[3]])
		needed := mentions
		if blocking[name] {
			needed = append(needed[:len(needed):len(needed)], ofBlocking...)
		}
		whole := regexp.MustCompile(`\b` + name + `\b`)
		var lacking []string
		for _, m := range needed {
			if !whole.MatchString(contents[m.path]) {
				lacking = append(lacking, m.path+" ("+m.what+")")
			}
		}
		if len(lacking) > 0 {
			line := 1 + strings.Count(string(text[:at[0]]), "\n")
			l.findings = append(l.findings, finding{token.Position{Filename: header, Line: line, Column: 1},
				name + " is missing in " + strings.Join(lacking, ", ")})
		}
	}
	return nil
}
