package pages

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	rules "github.com/openlts/openlts/server/policy"
)

var update = flag.Bool("update", false, "write the catalogue of texts anew")

// The places where texts are, in templates and in Go.
var texts = []*regexp.Regexp{
	regexp.MustCompile(`\.T "([^"]+)"`),
	regexp.MustCompile(`\.T\("([^"]+)"`),
	regexp.MustCompile(`\.Field "[^"]*" "[^"]*" "([^"]+)"`),
	regexp.MustCompile(`\.Field "[^"]*" "[^"]*" "[^"]+" "([^"]+)"`),
	regexp.MustCompile(`\.Choice "[^"]*" "([^"]+)"`),
	regexp.MustCompile(`\.Choice "[^"]*" "[^"]+" "([^"]+)"`),
	regexp.MustCompile(`(?:title|Title|Text|text): +"([^"]+)"`),
	regexp.MustCompile(`\t\{"[a-z-]+", "([^"]+)", "[^"]+"\},`), // the charge ways
	regexp.MustCompile(`\t\{"[a-z-]+", "[^"]+", "([^"]+)"\},`),
	regexp.MustCompile(`newPie\("([^"]+)"`),
	regexp.MustCompile(`(?m)^\t\{"[^"]*", "([^"]+)", (?:"|func)`), // the menu, the ranges
	regexp.MustCompile(`mistake\("[^"]*", "([^"]+)"\)`),
	regexp.MustCompile(`Wrong = "([^"]+)"`),
	regexp.MustCompile(`translate\(r\.Request, "([^"]+)"\)`),
}

// Where a text goes on in the next line of a source, and where a list of them does.
var (
	joint    = regexp.MustCompile(`" \+\n\t*"`)
	nextLine = regexp.MustCompile(`([,({])\n\t+"`)
)

// inOneLine undoes how lines of Go are broken, so that a pattern needs to know one form.
func inOneLine(source []byte) []byte {
	return nextLine.ReplaceAllFunc(joint.ReplaceAll(source, nil), func(at []byte) []byte {
		if at[0] == ',' {
			return []byte(`, "`)
		}
		return []byte{at[0], '"'}
	})
}

var pairs = regexp.MustCompile(`\.(?:Options|Selected "[^"]*") ((?:"[^"]*" ?)+)`)

// found are the texts of the pages.
func found(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, sources...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".go") {
			content = inOneLine(content)
		}
		for _, pattern := range texts {
			for _, match := range pattern.FindAllSubmatch(content, -1) {
				all[string(match[1])] = string(match[1])
			}
		}
		for _, match := range pairs.FindAllSubmatch(content, -1) {
			for i, text := range strings.Split(strings.Trim(string(match[1]), `" `), `" "`) {
				if i%2 == 1 && text != "" {
					all[text] = text
				}
			}
		}
	}
	for _, text := range done {
		all[text] = text
	}
	for _, kind := range rules.AnomalyKinds() {
		all[rules.AnomalyTitle(kind)] = rules.AnomalyTitle(kind)
	}
	return all
}

// The English catalogue has each text of the pages, and no other: it is what somebody
// who translates begins with. Another language has no text that English has not.
func TestCatalogue(t *testing.T) {
	all := found(t)
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(all); err != nil {
		t.Fatal(err)
	}
	const english = "texts/en.json"
	if *update {
		if err := os.WriteFile(english, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(english)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the pages say; write it anew: go test ./server/pages -run Catalogue -update", english)
	}
	for language, translated := range catalogues() {
		for text := range translated {
			if _, ok := all[text]; !ok && language != "en" {
				t.Errorf("%s translates %q, which no page says", language, text)
			}
		}
	}
	if len(all) < 200 {
		t.Errorf("only %d texts were found: %q", len(all), slices.Sorted(maps.Keys(all)))
	}
}
