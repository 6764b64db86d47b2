// Command licenses prints the licenses of what others wrote in a program or library that Go built: of Go itself, of
// each module that is linked in, and of what is named beside them. Who passes the binary on has to pass these on, too.
//
//	go run ./build/licenses BINARY [NAME=FILE...]
//
// Run it from the repository's root. FILE is a license of NAME, which others than Go brought into the binary.
package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("usage: licenses BINARY [NAME=FILE...]")
	}
	info, err := buildinfo.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	root, err := goTool("env", "GOROOT")
	if err != nil {
		return err
	}
	notices := []notice{{name: "Go", files: []string{filepath.Join(root, "LICENSE")}}}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		directory, err := goTool("list", "-m", "-f", "{{.Dir}}", module.Path)
		if err != nil {
			return err
		}
		files, err := licensesIn(directory)
		if err != nil {
			return fmt.Errorf("%s: %w", module.Path, err)
		}
		notices = append(notices, notice{name: module.Path + " " + module.Version, files: files})
	}
	for _, text := range arguments[1:] {
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
	files []string
}

func write(out io.Writer, notices []notice) error {
	// SQLite's authors want no license to be given.
	text := "This product contains software by others, on the terms below. It also contains SQLite, which is in the\n" +
		"public domain.\n"
	for _, each := range notices {
		text += "\n" + strings.Repeat("-", 80) + "\n" + each.name + "\n"
		for _, file := range each.files {
			terms, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			text += "\n" + strings.TrimSpace(strings.ReplaceAll(string(terms), "\r", "")) + "\n"
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

func goTool(arguments ...string) (string, error) {
	command := exec.Command("go", arguments...)
	command.Stderr = os.Stderr
	text, err := command.Output()
	return strings.TrimSpace(string(text)), err
}
