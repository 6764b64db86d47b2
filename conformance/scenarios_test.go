package conformance_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suites are where each binding tests the scenarios, and how it names a test.
var suites = map[string]struct{ folder, file, name string }{
	"C and C++":  {"capi/test", ".cpp", `TEST(_F)?\(\w+,\s*%s\)`},
	"C#":         {"bindings/csharp/tests", ".cs", `void %s\(`},
	"Java":       {"bindings/java/src/test", ".java", `void %s\(`},
	"Python":     {"bindings/python/tests", ".py", `def test_%s\(`},
	"JavaScript": {"bindings/javascript/test", ".mjs", `test\('%s', `},
}

// TestEveryBindingTestsEveryScenario: a scenario can't be left out, nor a test
// be named like none.
func TestEveryBindingTestsEveryScenario(t *testing.T) {
	text, err := os.ReadFile("scenarios.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Scenarios []struct{ ID, Text string } `json:"scenarios"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Scenarios) == 0 {
		t.Fatal("there are no scenarios")
	}
	for binding, suite := range suites {
		source := sources(t, filepath.Join("..", suite.folder), suite.file)
		for _, scenario := range list.Scenarios {
			pattern := regexp.MustCompile(strings.ReplaceAll(suite.name, "%s", regexp.QuoteMeta(scenario.ID)))
			if !pattern.MatchString(source) {
				t.Errorf("%s does not test %s: %s", binding, scenario.ID, scenario.Text)
			}
		}
	}
}

func sources(t *testing.T, folder, extension string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != extension {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
