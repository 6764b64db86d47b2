package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	rules "github.com/openlts/openlts/server/policy"
)

// Each kind of anomaly that the rules know is told in words, with what to do.
func TestAnomalyTexts(t *testing.T) {
	files, err := filepath.Glob("../policy/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 ||
				!strings.HasPrefix(spec.Names[0].Name, "Anomaly") {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			kind, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if rules.AnomalyTitle(kind) == kind || anomalyTexts[kind].Text == "" {
				t.Errorf("the anomaly %s is not told in words", kind)
			}
			return true
		})
	}
	if found < 10 {
		t.Errorf("only %d kinds were found", found)
	}
}
