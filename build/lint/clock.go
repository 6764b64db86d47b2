package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"io/fs"
	"strings"
)

// clocks: a test that goes by the machine's clock can fail at the end of a slot, an hour or
// a month, and nowhere else. Servers take their clock from outside; in tests it begins at
// servertest.Start.
func (l *linter) clocks(repository fs.FS) error {
	if _, err := fs.Stat(repository, "server"); err != nil {
		return nil
	}
	return fs.WalkDir(repository, "server", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(repository, path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(l.sources, path, text, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.SelectorExpr:
				if isNamed(node, "time", "Now") {
					l.report(node, "a test of a server begins at a fixed time: servertest.Start")
				}
			case *ast.CompositeLit:
				if isNamed(node.Type, "server", "Config") && !sets(node, "Now") {
					l.report(node, "without Now, the server goes by the machine's clock: give it that of the test")
				}
			}
			return true
		})
		return nil
	})
}

// isNamed tells whether an expression is a name of a package.
func isNamed(expression ast.Expr, of, name string) bool {
	selector, ok := expression.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	from, ok := selector.X.(*ast.Ident)
	return ok && from.Name == of
}

// sets tells whether a composite literal sets a field.
func sets(literal *ast.CompositeLit, field string) bool {
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == field {
				return true
			}
		}
	}
	return false
}
