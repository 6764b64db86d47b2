package main

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
)

// tongueRows is how a language writes an enumeration, for a reader who knows nothing of our templates. In the patterns,
// %s is the enumeration, %p the prefix of its values; a row has a name and a number.
type tongueRows struct {
	path, block, row string
	without          []string // the enumerations that it does not have
}

var rowsOf = map[string]tongueRows{
	"C": {
		"include/openlts/definitions.h", `typedef enum LTS_%s \{(.*?)\}`, `(?m)^  LTS_%p(\w+) = (-?\d+),?$`, nil,
	},
	"C#": {
		"bindings/csharp/src/OpenLTS/Definitions.cs", `public enum %s\s*\{(.*?)\}`, `(?m)^ +(\w+) = (-?\d+),$`, nil,
	},
	"Java": {
		"bindings/java/src/main/java/org/openlts/%s.java", `public final class %s \{(.*)\}`,
		`(?m)^ +public static final int (\w+) = (-?\d+);$`, nil,
	},
	"Python": {
		"bindings/python/src/openlts/definitions.py", `class %s\(Int\w+\):\n(.*?)(?:\n\n\n|$)`,
		`(?m)^    (\w+) = (-?\d+)(?:  #.*)?$`, nil,
	},
	"JavaScript": {
		"bindings/javascript/src/definitions.ts", `export const %s = \{(.*?)\n\}`, `(?m)^  (\w+): (-?\d+),$`,
		[]string{"OperationType"}, // known by their names there
	},
	"Go": {
		"core/protocol/definitions.go", `(.*)`, `(?m)^\s+%s(\w+)\s+%s = (-?\d+)(?: +//.*)?$`, nil,
	},
}

// spelt is a name as all languages have it: they differ in capitals and underscores.
func spelt(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "_", "")) }

func numbers(values []value) map[string]int {
	rows := map[string]int{}
	for _, v := range values {
		rows[spelt(v.Name)] = v.Value
	}
	return rows
}

// read finds the rows of an enumeration.
func (l tongueRows) read(t *testing.T, e enumeration) map[string]int {
	t.Helper()
	prefix := e.Prefix + "_"
	if e.Name == "StatusCode" {
		prefix = "(?:ERR_)?"
	}
	fill := func(pattern string) string {
		return strings.NewReplacer("%s", e.Name, "%p", prefix).Replace(pattern)
	}
	if strings.HasSuffix(l.path, ".go") && e.Name == "StatusCode" {
		e.Name = "Status"
	}
	text, err := os.ReadFile(fill(l.path))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)" + fill(l.block)).FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s has no %s", fill(l.path), e.Name)
	}
	rows := map[string]int{}
	for _, row := range regexp.MustCompile(fill(l.row)).FindAllSubmatch(block[1], -1) {
		number, err := strconv.Atoi(string(row[2]))
		if err != nil {
			t.Fatal(err)
		}
		name := spelt(string(row[1]))
		if _, twice := rows[name]; twice {
			t.Errorf("%s has %s of %s twice", fill(l.path), name, e.Name)
		}
		rows[name] = number
	}
	return rows
}

// Each language has each status code and each value of an enumeration, with its number, and no other.
func TestEachLanguageHasEachConstant(t *testing.T) {
	all := read(t)
	enumerations := append([]enumeration{{Name: "StatusCode", Values: all.StatusCodes}}, all.Enumerations...)
	for language, l := range rowsOf {
		for _, e := range enumerations {
			if slices.Contains(l.without, e.Name) {
				continue
			}
			want := numbers(e.Values)
			if len(want) != len(e.Values) || len(want) == 0 {
				t.Fatalf("%s: two of its names differ in capitals alone", e.Name)
			}
			if got := l.read(t, e); !maps.Equal(got, want) {
				t.Errorf("%s, %s: %v, want %v", language, e.Name, got, want)
			}
		}
	}
}

// The texts of the status codes are the same in the library, in Go and in JavaScript; the others ask the library.
func TestEachStatusHasItsText(t *testing.T) {
	all := read(t)
	for path, row := range map[string]string{
		"capi/status_texts.inc":                     `\{%d, "%s", "%m"\},`,
		"bindings/javascript/src/statusMessages.ts": `\[?%d\]?: "%m",`,
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all.StatusCodes {
			pattern := strings.NewReplacer("%d", strconv.Itoa(v.Value), "%s", v.Name,
				"%m", regexp.QuoteMeta(v.Message)).Replace(row)
			if n := len(regexp.MustCompile(`(?m)^\s*`+pattern+`$`).FindAll(text, -1)); n != 1 {
				t.Errorf("%s has %d rows of %s", path, n, v.Name)
			}
		}
		if n := len(regexp.MustCompile(`(?m)^\s*[{[]?-?\d+[],:]`).FindAll(text, -1)); n != len(all.StatusCodes) {
			t.Errorf("%s has %d status codes, want %d", path, n, len(all.StatusCodes))
		}
	}
	for _, v := range all.StatusCodes {
		if s := protocol.Status(v.Value); s.Name() != v.Name || s.Message() != v.Message {
			t.Errorf("Go: %d is %s, %q", v.Value, s.Name(), s.Message())
		}
	}
}

// The guides have a row for each parameter, in the order of the structure, with its default in the language's words.
func TestTheGuidesHaveEachParameter(t *testing.T) {
	all := read(t)
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.*?) \\| .+ \\|$")
	for _, language := range []string{"cpp", "csharp", "java", "python", "objc"} {
		path := "docs/" + language + ".md"
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, region, _ := strings.Cut(string(text), "<!-- generated: ConnectionParameters -->")
		region, _, found := strings.Cut(region, "<!-- generated: end -->")
		if !found {
			t.Fatalf("%s has no table of parameters", path)
		}
		rows := row.FindAllStringSubmatch(region, -1)
		fields := all.structure("ConnectionParameters").Visible()
		if len(rows) != len(fields) {
			t.Fatalf("%s has %d parameters, want %d", path, len(rows), len(fields))
		}
		for i, f := range fields {
			name, value := rows[i][1], strings.Trim(rows[i][2], " `")
			if strings.TrimSuffix(spelt(f.Name), "MILLISECONDS") != strings.TrimSuffix(spelt(name), "MILLISECONDS") {
				t.Errorf("%s: row %d is of %s, want %s", path, i, name, f.Name)
			}
			if want := defaultIn(f, language); spelt(value) != spelt(want) {
				t.Errorf("%s: the default of %s is %q, want %q", path, name, value, want)
			}
		}
	}
}

// defaultIn is how a guide has the default of a field; capitals and underscores don't matter.
func defaultIn(f field, language string) string {
	switch value := f.Default.(type) {
	case string:
		if language == "cpp" || language == "objc" {
			return "LTS_" + f.prefix + "_" + value
		}
		return f.Of + "." + value
	case float64:
		if f.Type == timeoutField && language == "objc" { // in seconds, as Foundation has them
			value /= 1000
		}
		return fmt.Sprint(value)
	case nil:
		if f.Type == listField {
			return "all"
		}
	}
	return ""
}
