// Command testlog makes a log of `go test -json` that is worth reading: a line
// for each package, what failed tests printed, and which tests were skipped and
// why. What passed tests printed, which can be thousands of lines, is dropped.
//
//	go test -json ./... | go run ./build/testlog
//
// It says nothing by its exit code: that of go test does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := condense(os.Stdin, out)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testlog:", err)
		os.Exit(1)
	}
}

// event is a line of `go test -json`; see `go doc test2json` and `go help
// buildjson`.
type event struct {
	Action  string
	Package string
	Test    string // "" if the event is the package's
	Output  string
}

type test struct{ pkg, name string }

// condense buffers what it writes; errors of out come with its Flush.
func condense(in io.Reader, out *bufio.Writer) error {
	printed := map[test][]string{} // by tests of which nothing is decided
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				// Not of a test: what go itself says.
				_, _ = out.Write(line)
			} else {
				e.condense(printed, out)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (e event) condense(printed map[test][]string, out *bufio.Writer) {
	this := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		if !isFrame(e.Output) {
			printed[this] = append(printed[this], e.Output)
		}
	case "fail":
		fmt.Fprint(out, strings.Join(printed[this], ""))
		delete(printed, this)
		if e.Test == "" {
			// Tests that were running when the process died.
			for other, output := range printed {
				if other.pkg == e.Package {
					fmt.Fprintf(out, "%s did not end:\n%s", other.name, strings.Join(output, ""))
					delete(printed, other)
				}
			}
		}
	case "skip":
		if e.Test != "" {
			reason := strings.Join(strings.Fields(strings.Join(printed[this], " ")), " ")
			fmt.Fprintf(out, "skipped: %s: %s\n", e.Test, reason)
		}
		delete(printed, this)
	case "pass":
		if e.Test == "" {
			for _, line := range printed[this] {
				if strings.HasPrefix(line, "ok ") {
					fmt.Fprint(out, line)
				}
			}
		}
		delete(printed, this)
	}
}

// isFrame tells whether a line is go test's own, around what tests print.
func isFrame(line string) bool {
	line = strings.TrimLeft(line, " ")
	for _, prefix := range []string{"=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME ", "--- SKIP", "--- PASS"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return line == "PASS\n" || line == "FAIL\n"
}
