// Command generate writes the status codes, enumerations and structures of
// conformance/definitions.json out for every language, so that they cannot
// drift apart: whole files, and regions of files that are written by hand; and the
// version of the file VERSION to where tools read it. With -check it writes nothing and
// fails if a file is stale.
//
// Run it from the repository's root: go run ./build/generate
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

const banner = "Generated from conformance/definitions.json by build/generate. Do not edit."

const source = "conformance/definitions.json"

// output is a file to write, or a region of one: a template, and what it is
// executed with. A region lies between two lines, of which the first contains
// "generated: NAME", and the second "generated: end".
type output struct {
	path, template string
	data           any
	region         string // "": the whole file
}

// emitters say what each language gets; each has a file of its own here.
var emitters = []func(definitions) []output{
	emitGo,
	emitC,
	emitPython,
	emitCSharp,
	emitJava,
	emitObjC,
	emitJavaScript,
}

// xml escapes a text for comments in XML or HTML.
func xml(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

var functions = template.FuncMap{
	"wrap": wrap, "javadoc": javadoc, "jsdoc": jsdoc, "camel": camel, "constant": statusConstant, "base": path.Base,
	"banner": func() string { return banner },
}

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
	files := map[string][]byte{}
	for _, emit := range emitters {
		for _, each := range emit(all) {
			if err := each.addTo(files); err != nil {
				return fmt.Errorf("%s: %w", each.path, err)
			}
		}
	}
	for _, emit := range []func(definitions, map[string][]byte) error{emitPromised, emitStatusCodes} {
		if err := emit(all, files); err != nil {
			return err
		}
	}
	for _, emit := range []func(map[string][]byte) error{emitVersion, emitConformance, emitSnippets} {
		if err := emit(files); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		want := files[path]
		if strings.HasSuffix(path, ".go") {
			if want, err = format.Source(want); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		if err := write(path, want, check); err != nil {
			return err
		}
	}
	return nil
}

// addTo puts an output into what the files are to hold.
func (o output) addTo(files map[string][]byte) error {
	t, err := template.New(o.path).Funcs(functions).Parse(o.template)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, o.data); err != nil {
		return err
	}
	if o.region == "" {
		files[o.path] = b.Bytes()
		return nil
	}
	whole, ok := files[o.path]
	if !ok {
		if whole, err = os.ReadFile(o.path); err != nil {
			return err
		}
	}
	files[o.path], err = replaceRegion(whole, o.region, b.Bytes())
	return err
}

// replaceRegion puts lines between the two that mark a region of a file.
func replaceRegion(whole []byte, region string, lines []byte) ([]byte, error) {
	begin, end := -1, -1
	for start := 0; start < len(whole); {
		next := len(whole)
		if i := bytes.IndexByte(whole[start:], '\n'); i >= 0 {
			next = start + i + 1
		}
		line := whole[start:next]
		switch {
		case begin < 0 && regionMark.Match(line) && string(regionMark.FindSubmatch(line)[1]) == region:
			begin = next
		case begin >= 0 && end < 0 && regionMark.Match(line):
			if string(regionMark.FindSubmatch(line)[1]) != "end" {
				return nil, fmt.Errorf("the region %q does not end before the next one", region)
			}
			end = start
		}
		start = next
	}
	if begin < 0 || end < 0 {
		return nil, fmt.Errorf("there are no lines with \"generated: %s\" and, after it, \"generated: end\"", region)
	}
	return slices.Concat(whole[:begin], lines, whole[end:]), nil
}

var regionMark = regexp.MustCompile(`generated: (\w+)`)

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
