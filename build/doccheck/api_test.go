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
	header, err := os.ReadFile("../../include/openlts/openlts.h")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/abi.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?s)(/\*(?:[^*]|\*[^/])*\*/)\s*LTS_API [^;(]*?(LTS_\w+)\(`)
	blocks := regexp.MustCompile(`Blocks for (\w+(?: seconds?)?) at most`)
	var want, got []string
	for _, function := range declared.FindAllStringSubmatch(string(header), -1) {
		time := "-"
		if found := blocks.FindStringSubmatch(function[1]); found != nil {
			time = strings.ReplaceAll(found[1], " seconds", " s")
		} else if strings.Contains(function[1], "Everything else as LTS_InitLicenseFromLTS") {
			time = "initTimeoutMilliseconds"
		}
		want = append(want, function[2]+" "+time)
	}
	row := regexp.MustCompile("(?m)^\\| `(LTS_\\w+)` \\| .+ \\| `?([^|`]+)`? \\|$")
	for _, found := range row.FindAllStringSubmatch(string(document), -1) {
		got = append(got, found[1]+" "+strings.TrimSpace(found[2]))
	}
	if len(want) != strings.Count(string(header), "\nLTS_API ") || !slices.Equal(got, want) {
		t.Errorf("the document has\n%s\nthe header\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
