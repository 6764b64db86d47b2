// Command doccheck checks what the documents say of the repository, and that
// nothing in it belongs to one machine only:
//
//   - a link leads to a file, and to a heading in it, that exists;
//   - a path of this repository that is written as code exists;
//   - a file of this repository that a comment in a source cites exists;
//   - no file names a home directory or another place of the machine it was
//     written on.
//
// Run it from the repository's root:
//
//	go run ./build/doccheck
//	go run ./build/doccheck -print sh README.md...    # prints the blocks in a language
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/openlts/openlts/build/doccheck/markdown"
)

func main() {
	language := flag.String("print", "", "print the fenced blocks in this language, and check nothing")
	flag.Parse()
	if *language != "" {
		if err := printBlocks(*language, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "doccheck:", err)
			os.Exit(1)
		}
		return
	}
	findings, err := check(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "doccheck:", err)
		os.Exit(1)
	}
	for _, each := range findings {
		fmt.Println(each)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

func printBlocks(language string, files []string) error {
	if len(files) == 0 {
		return errors.New("-print needs the names of Markdown files")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, block := range markdown.Parse(string(text)).Blocks {
			if block.Language == language {
				fmt.Printf("# %s:%d\n%s", file, block.Line, block.Text)
			}
		}
	}
	return nil
}

// check gives the findings as file:line: text.
func check(root string) ([]string, error) {
	files, err := git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	c := checker{root: root, files: map[string]bool{}, top: map[string]bool{},
		documents: map[string]markdown.Document{}, places: places}
	texts := map[string]string{}
	var order []string
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, but not committed so yet
		}
		if err != nil {
			return nil, err
		}
		for part := file; part != "."; part = path.Dir(part) {
			c.files[part] = true
		}
		top, _, _ := strings.Cut(file, "/")
		c.top[top] = true
		if bytes.IndexByte(text, 0) >= 0 {
			continue // no text
		}
		texts[file] = string(text)
		order = append(order, file)
		if path.Ext(file) == ".md" {
			c.documents[file] = markdown.Parse(string(text))
		}
	}
	if err := c.addOwnPlace(); err != nil {
		return nil, err
	}
	for _, file := range order {
		c.machine(file, texts[file])
		c.comments(file, texts[file])
		if document, ok := c.documents[file]; ok {
			c.links(file, document)
			if err := c.paths(file, document); err != nil {
				return nil, err
			}
		}
	}
	return c.findings, nil
}

type checker struct {
	root      string
	files     map[string]bool // and directories
	top       map[string]bool // first parts of the paths
	documents map[string]markdown.Document
	places    []*regexp.Regexp
	findings  []string
}

func (c *checker) report(file string, line int, format string, arguments ...any) {
	c.findings = append(c.findings, fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, arguments...)))
}

// links: a relative link leads somewhere.
func (c *checker) links(file string, document markdown.Document) {
	for _, link := range document.Links {
		target, err := url.Parse(link.Text)
		if err != nil {
			c.report(file, link.Line, "the link %s is not a URL", link.Text)
			continue
		}
		if target.Scheme != "" || target.Host != "" {
			continue
		}
		if strings.HasPrefix(target.Path, "/") {
			c.report(file, link.Line, "the link %s is absolute; make it relative to this file", link.Text)
			continue
		}
		to := file
		if target.Path != "" {
			to = path.Join(path.Dir(file), target.Path)
		}
		if !c.files[to] && to != "." {
			c.report(file, link.Line, "the link %s leads nowhere: there is no %s", link.Text, to)
			continue
		}
		if other, ok := c.documents[to]; ok && target.Fragment != "" && !other.Anchors[target.Fragment] {
			c.report(file, link.Line, "the link %s leads nowhere: %s has no heading #%s", link.Text, to,
				target.Fragment)
		}
	}
}

// aPath is a path in a command or a code span, without what follows it.
var aPath = regexp.MustCompile(`^(?:\./)?([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)/?$`)

// paths: what looks like a path of this repository, because its first part is
// one, exists; if it is ignored by git, it is built, and need not.
func (c *checker) paths(file string, document markdown.Document) error {
	type mention struct {
		path string
		line int
	}
	var missing []mention
	look := func(word string, line int) {
		match := aPath.FindStringSubmatch(word)
		if match == nil {
			return
		}
		name := path.Clean(match[1])
		if top, _, _ := strings.Cut(name, "/"); c.top[top] && !c.files[name] && !c.below(path.Dir(file), name) {
			missing = append(missing, mention{name, line})
		}
	}
	for _, span := range document.Code {
		if !strings.Contains(span.Text, " ") {
			look(span.Text, span.Line)
		}
	}
	for _, block := range document.Blocks {
		if block.Language != "sh" {
			continue
		}
		for n, line := range strings.Split(block.Text, "\n") {
			for _, word := range strings.Fields(line) {
				if strings.HasPrefix(word, "./") {
					look(word, block.Line+1+n)
				}
			}
		}
	}
	for _, each := range missing {
		ignored, err := git(c.root, "check-ignore", "--no-index", each.path)
		if err != nil {
			return err
		}
		if len(ignored) == 0 {
			c.report(file, each.line, "there is no %s", each.path)
		}
	}
	return nil
}

// below tells whether a path ends a path below a directory: a document may leave
// out where it is itself.
func (c *checker) below(directory, name string) bool {
	for file := range c.files {
		if strings.HasPrefix(file, directory+"/") && strings.HasSuffix(file, "/"+name) {
			return true
		}
	}
	return false
}

// places are directories of one machine or one person. (The brackets keep this
// file from finding itself.)
var places = []*regexp.Regexp{
	regexp.MustCompile(`(^|[^\w.~-])/(home|Users)/[A-Za-z]\w*`),
	regexp.MustCompile(`(?i)\b[A-Z]:\\+Users\\+\w+`),
	regexp.MustCompile(`(^|[^\w.~-])/(root|work|workspace|workspaces|tmp/brief)[/]\w`),
}

// machine: no file names a place of the machine it was written on, or of this
// one.
func (c *checker) machine(file, text string) {
	for n, line := range strings.Split(text, "\n") {
		for _, place := range c.places {
			if found := place.FindString(line); found != "" {
				c.report(file, n+1, "%q is a place on one machine only", strings.TrimSpace(found))
				break
			}
		}
	}
}

// addOwnPlace forbids the place of this repository as well, unless a path in it
// looks the same: /src/openlts may be bindings/python/src/openlts.
func (c *checker) addOwnPlace() error {
	here, err := filepath.Abs(c.root)
	if err != nil {
		return err
	}
	here = filepath.ToSlash(here)
	for file := range c.files {
		if strings.HasSuffix("/"+file, here) {
			return nil
		}
	}
	own := regexp.MustCompile(`(^|[^\w.~-])` + regexp.QuoteMeta(here) + `($|[^\w-])`)
	c.places = append(slices.Clone(c.places), own)
	return nil
}

// git runs a command that prints names, and gives them; -z separates them by NUL.
func git(directory string, arguments ...string) ([]string, error) {
	command := exec.Command("git", arguments...)
	command.Dir = directory
	var message bytes.Buffer
	command.Stderr = &message
	output, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && arguments[0] == "check-ignore" {
		err = nil // none is ignored
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", arguments[0], err, bytes.TrimSpace(message.Bytes()))
	}
	return strings.FieldsFunc(string(output), func(r rune) bool { return r == 0 }), nil
}
