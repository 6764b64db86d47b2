// Command licenses prints the licenses of what others wrote in programs or libraries that Go built: of Go itself, of
// each module that is linked in, of what the C compiler brought, and of what is named beside them. Who passes the
// binaries on has to pass these on, too.
//
//	go run ./build/licenses BINARY... [NAME=FILE...]
//
// Run it from the repository's root. FILE is a license of NAME, which others than Go brought into the binaries.
// BINARY.map is the linker's map of BINARY, as build/library and build/command leave it.
package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, arguments []string) error {
	named := slices.IndexFunc(arguments, func(each string) bool { return strings.Contains(each, "=") })
	if named < 0 {
		named = len(arguments)
	}
	if named == 0 {
		return errors.New("usage: licenses BINARY... [NAME=FILE...]")
	}
	var notices []notice
	for _, binary := range arguments[:named] {
		found, err := noticesOf(binary)
		if err != nil {
			return fmt.Errorf("%s: %w", binary, err)
		}
		for _, each := range found {
			if !slices.ContainsFunc(notices, func(other notice) bool { return other.name == each.name }) {
				notices = append(notices, each)
			}
		}
	}
	for _, text := range arguments[named:] {
		name, file, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is no NAME=FILE", text)
		}
		notices = append(notices, notice{name: name, files: []string{file}})
	}
	return write(out, notices)
}

// notice is what others wrote, and the files that say on which terms.
type notice struct {
	name  string
	terms string   // in a few words, where there is nothing that has to be passed on
	files []string // of a file in C, the comment at its head
}

// noticesOf is what others wrote in a binary.
func noticesOf(binary string) ([]notice, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	root, err := goTool("env", "GOROOT")
	if err != nil {
		return nil, err
	}
	notices := []notice{{name: "Go", files: []string{filepath.Join(root, "LICENSE")}}}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		directory, err := goTool("list", "-m", "-f", "{{.Dir}}", module.Path)
		if err != nil {
			return nil, err
		}
		files, err := licensesIn(directory)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", module.Path, err)
		}
		notices = append(notices, notice{name: module.Path + " " + module.Version, files: files})
	}
	brought, err := broughtByCompiler(binary, info)
	return append(notices, brought...), err
}

func write(out io.Writer, notices []notice) error {
	// SQLite's authors want no license to be given.
	text := "This product contains software by others, on the terms below. It also contains SQLite, which is in the\n" +
		"public domain.\n"
	for _, each := range notices {
		text += "\n" + strings.Repeat("-", 80) + "\n" + each.name + "\n"
		if each.terms != "" {
			text += "\n" + each.terms + "\n"
		}
		for _, file := range each.files {
			terms, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			content := strings.ReplaceAll(string(terms), "\r", "")
			if filepath.Ext(file) == ".c" {
				if content, err = headComment(content); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
			text += "\n" + strings.TrimSpace(content) + "\n"
		}
	}
	_, err := io.WriteString(out, text)
	return err
}

// licensesIn are the files of a directory that give terms. That there are none is an error.
func licensesIn(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		name := strings.ToUpper(entry.Name())
		for _, begin := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
			if entry.Type().IsRegular() && strings.HasPrefix(name, begin) {
				files = append(files, filepath.Join(directory, entry.Name()))
			}
		}
	}
	if files == nil {
		return nil, fmt.Errorf("no license was found in %s", directory)
	}
	return files, nil
}

// headComment is the text of the comment with which a file in C begins, without the stars that frame it.
func headComment(source string) (string, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(source), "/*")
	text, _, ended := strings.Cut(text, "*/")
	if !ok || !ended {
		return "", errors.New("begins with no comment that could give terms")
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "*")
		lines = append(lines, strings.TrimSpace(strings.TrimLeft(line, "*")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), nil
}

func goTool(arguments ...string) (string, error) {
	command := exec.Command("go", arguments...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	return strings.TrimSpace(string(text)), err
}
