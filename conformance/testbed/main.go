// Command testbed is what the tests of all languages share: servers to test against, and
// the code that documents show.
//
//	testbed blocks PAGE LANGUAGE
//
// prints the blocks of code of a Markdown page in a language, as a JSON array of objects:
// "section" is the heading of level 2 that the block stands under, "line" where its code
// begins, "code" itself.
//
//	testbed [LTS]
//
// answers requests, with servers of the command LTS (by default the lts beside this
// program). A request is a line of standard input with a JSON object; its answer is a line
// of standard output, {"result": ...} or {"error": "what went wrong"}. What a request asks
// for is in "do":
//
//	make         a server that does not run yet; the result is its number. It has the
//	             fixture `standard` of conformance/scenarios.json, or nothing if "empty" is
//	             true; "command" names another lts, "directory" where its files are to lie
//	start        starts the server; the result is its address, the same each time
//	stop         ends it
//	remove       ends it and removes its files
//	run          runs lts with "arguments" on its data; the result is what that prints
//	counts       what was counted by the columns in "by" (handshake,type): an object with
//	             the values of the columns, joined by spaces, and the counts
//	total        what was counted in all
//	unreachable  an address at which nobody listens as long as the testbed runs
//
// All but make and unreachable have the server's number in "server". At the end of
// standard input, servers are ended and their files removed: a test that is killed leaves
// none behind.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
		os.Exit(1)
	}
}

func run(arguments []string, in io.Reader, out io.Writer) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "blocks":
		return printBlocks(out, arguments[1], arguments[2])
	case len(arguments) == 1:
		return answer(arguments[0], in, out)
	case len(arguments) == 0:
		program, err := os.Executable()
		if err != nil {
			return err
		}
		lts := "lts"
		if runtime.GOOS == "windows" {
			lts += ".exe"
		}
		return answer(filepath.Join(filepath.Dir(program), lts), in, out)
	default:
		return errors.New("usage: testbed [LTS] | testbed blocks PAGE LANGUAGE")
	}
}

// request is a line of standard input.
type request struct {
	Do        string   `json:"do"`
	Server    int      `json:"server"`
	Command   string   `json:"command"`
	Directory string   `json:"directory"`
	Empty     bool     `json:"empty"`
	Arguments []string `json:"arguments"`
	By        string   `json:"by"`
}

// answer takes requests until there are no more.
func answer(lts string, in io.Reader, out io.Writer) error {
	b := &bed{lts: lts}
	defer b.close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		var r request
		err := json.Unmarshal(lines.Bytes(), &r)
		var result any
		if err == nil {
			result, err = b.do(r)
		}
		reply := map[string]any{"result": result}
		if err != nil {
			reply = map[string]any{"error": err.Error()}
		}
		if err := encoder.Encode(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}
