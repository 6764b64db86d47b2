package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheTableOfTheCAPI: docs/abi.md lists the functions of openlts.h in their order,
// with how long each may block, as the header says.
func TestTheTableOfTheCAPI(t *testing.T) {
	header, document := text(t, "include/openlts/openlts.h"), text(t, "docs/abi.md")
	declared := regexp.MustCompile(`(?s)(/\*(?:[^*]|\*[^/])*\*/)\s*LTS_API [^;(]*?(LTS_\w+)\(`)
	blocks := regexp.MustCompile(`Blocks for (\w+(?: seconds?)?) at most`)
	var want, got []string
	for _, function := range declared.FindAllStringSubmatch(header, -1) {
		time := "-"
		if found := blocks.FindStringSubmatch(function[1]); found != nil {
			time = strings.ReplaceAll(found[1], " seconds", " s")
		} else if strings.Contains(function[1], "Everything else as LTS_InitLicenseFromLTS") {
			time = "initTimeoutMilliseconds"
		}
		want = append(want, function[2]+" "+time)
	}
	row := regexp.MustCompile("(?m)^\\| `(LTS_\\w+)` \\| .+ \\| `?([^|`]+)`? \\|$")
	for _, found := range row.FindAllStringSubmatch(document, -1) {
		got = append(got, found[1]+" "+strings.TrimSpace(found[2]))
	}
	if len(want) != strings.Count(header, "\nLTS_API ") || !slices.Equal(got, want) {
		t.Errorf("the document has\n%s\nthe header\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestEachPageHasEachFunction: what a binding shows of itself is in its page of docs, and each function of the C
// interface is misused by the test that is there for that.
func TestEachPageHasEachFunction(t *testing.T) {
	const c, java = `LTS_CALL (LTS_\w+)\(`, `(?m)^    public (?:static )?[\w<>]+ (\w+)\(`
	for _, each := range []struct{ source, functions, page, code string }{
		{"include/openlts/openlts.h", c, "docs/cpp.md", "`"},
		{"include/openlts/openlts.h", c, "capi/test/robustness.c", ""},
		{
			"include/openlts/openlts.hpp", `(?m)^  \[\[nodiscard\]\] [\w:<>]+ (\w+)\([^)]*\) const`, "docs/cpp.md", "`",
		},
		{
			"bindings/csharp/src/OpenLTS/License.cs", `(?m)^ {8}public (?:static )?[\w<>]+ (\w+)\(`,
			"docs/csharp.md", "`",
		},
		{"bindings/java/src/main/java/org/openlts/License.java", java, "docs/java.md", "`"},
		{"bindings/java/src/main/java/org/openlts/LTS.java", java, "docs/java.md", "`"},
		{"bindings/python/src/openlts/license.py", `(?m)^    def ([a-z]\w+)\(`, "docs/python.md", "`"},
		{"bindings/objc/include/OpenLTSKit/OpenLTSKit.h", `(?m)^[-+] \([^)]*\)(\w+)`, "docs/objc.md", "`"},
	} {
		functions := regexp.MustCompile(each.functions).FindAllStringSubmatch(text(t, each.source), -1)
		if len(functions) < 3 {
			t.Errorf("%s: %d functions were found", each.source, len(functions))
		}
		page := text(t, each.page)
		for _, function := range functions {
			found := each.code + `[^\n` + "`" + `]*\b` + function[1] + `\b`
			if !regexp.MustCompile(found).MatchString(page) {
				t.Errorf("%s does not have %s of %s", each.page, function[1], each.source)
			}
		}
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
