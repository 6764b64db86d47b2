// Command generate writes the status codes and enumerations of
// conformance/definitions.json out for every language, so that they cannot
// drift apart. With -check it writes nothing and fails if a file is stale.
//
// Run it from the repository's root: go run ./build/generate
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

const banner = "Generated from conformance/definitions.json by build/generate. Do not edit."

const source = "conformance/definitions.json"

// output is a file to write: a template, and what it is executed with.
type output struct {
	path, template string
	data           any
}

// emitters say what each language gets; each has a file of its own here.
var emitters = []func(definitions) []output{
	emitGo,
	emitC,
	emitPython,
	emitCSharp,
	emitJava,
}

var functions = template.FuncMap{"camel": camel, "constant": statusConstant, "banner": func() string { return banner }}

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a generated file is stale")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("%w (run it from the repository's root)", err)
	}
	var all definitions
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	for _, emit := range emitters {
		for _, each := range emit(all) {
			want, err := each.text()
			if err != nil {
				return err
			}
			if err := write(each.path, want, check); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o output) text() ([]byte, error) {
	t, err := template.New(o.path).Funcs(functions).Parse(o.template)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, o.data); err != nil {
		return nil, err
	}
	if strings.HasSuffix(o.path, ".go") {
		return format.Source(b.Bytes())
	}
	return b.Bytes(), nil
}

// write replaces a file that differs, or says that it is stale.
func write(path string, want []byte, check bool) error {
	have, _ := os.ReadFile(path)
	if bytes.Equal(have, want) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is stale: run go run ./build/generate", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", path)
	return nil
}
