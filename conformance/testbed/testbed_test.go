package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lts makes this program a command that does as much of lts as a testbed sees.
const lts = "OPENLTS_TESTBED_LTS"

func TestMain(m *testing.M) {
	if os.Getenv(lts) != "" {
		if err := playLTS(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// playLTS keeps a line in its data directory for each command it was given.
func playLTS(arguments []string) error {
	named := map[string]string{}
	for i, argument := range arguments[:len(arguments)-1] {
		if strings.HasPrefix(argument, "--") {
			named[argument] = arguments[i+1]
		}
	}
	switch arguments[0] {
	case "fail":
		return fmt.Errorf("it failed")
	case "stats":
		switch named["--by"] {
		case "type":
			fmt.Println(`{"total": 12, "rows": [{"type": "QR_CODE", "count": 9}, {"type": "MRZ", "count": 3}]}`)
		default:
			fmt.Println(`{"total": 12, "rows": [{"slot": 1700000100, "type": "QR_CODE", "count": 12}]}`)
		}
		return nil
	case "serve":
		listener, err := net.Listen("tcp", named["--listen"])
		if err != nil {
			return err
		}
		url := []byte("http://" + listener.Addr().String() + "\n")
		if err := os.WriteFile(named["--url-file"], url, 0o644); err != nil {
			return err
		}
		return http.Serve(listener, http.FileServer(http.Dir(named["--data"])))
	}
	if err := os.MkdirAll(named["--data"], 0o755); err != nil {
		return err
	}
	commands, err := os.OpenFile(filepath.Join(named["--data"], "commands"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(commands, strings.Join(arguments[:len(arguments)-2], " "))
	fmt.Println("done")
	return errors.Join(err, commands.Close())
}

// asked runs a testbed, whose requests it gives a way to make.
func asked(t *testing.T) func(request string) (result any, failure string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(lts, "yes")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // under the race detector, each command would sleep at its end
	t.Setenv("TMPDIR", t.TempDir())
	requests, in := io.Pipe()
	out, answers := io.Pipe()
	ended := make(chan error)
	go func() { ended <- answer(program, requests, answers) }()
	t.Cleanup(func() {
		_ = in.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
			t.Errorf("the testbed left %v (%v)", left, err)
		}
	})
	lines := bufio.NewScanner(out)
	return func(request string) (any, string) {
		t.Helper()
		if _, err := fmt.Fprintln(in, request); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("no answer to %s: %v", request, lines.Err())
		}
		var reply struct {
			Result any    `json:"result"`
			Error  string `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &reply); err != nil {
			t.Fatal(err)
		}
		return reply.Result, reply.Error
	}
}

// must gives the result of a request that succeeds.
func must[T any](t *testing.T, ask func(string) (any, string), request string) T {
	t.Helper()
	result, failure := ask(request)
	wanted, ok := result.(T)
	if failure != "" || !ok {
		t.Fatalf("%s: %#v %s", request, result, failure)
	}
	return wanted
}

// commands are those that a server was made with, as it serves them; "" if it does not.
func commands(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url + "/commands")
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestServerStopsAndComesBackAtItsAddress(t *testing.T) {
	ask := asked(t)
	if number := must[float64](t, ask, `{"do": "make"}`); number != 1 {
		t.Fatalf("it is server %v", number)
	}
	url := must[string](t, ask, `{"do": "start", "server": 1}`)
	if made := commands(t, url); !strings.HasPrefix(made, "org add Example --id 100001\n") {
		t.Errorf("its fixture is %q", made)
	}
	if _, failure := ask(`{"do": "stop", "server": 1}`); failure != "" {
		t.Error(failure)
	}
	if made := commands(t, url); made != "" {
		t.Error("it serves although it is stopped")
	}
	if again := must[string](t, ask, `{"do": "start", "server": 1}`); again != url {
		t.Errorf("it came back at %s, and was at %s", again, url)
	}
	if _, failure := ask(`{"do": "start", "server": 1}`); failure == "" {
		t.Error("it is started twice")
	}
}

// TestServersShareNothing: one that begins with the fixture does not see what another one did.
func TestServersShareNothing(t *testing.T) {
	ask := asked(t)
	first := must[float64](t, ask, `{"do": "make"}`)
	must[string](t, ask, fmt.Sprintf(`{"do": "run", "server": %v, "arguments": ["org", "add", "Mine"]}`, first))
	second := must[float64](t, ask, `{"do": "make"}`)
	url := must[string](t, ask, fmt.Sprintf(`{"do": "start", "server": %v}`, second))
	if made := commands(t, url); strings.Contains(made, "Mine") || strings.Count(made, "\n") != len(fixture) {
		t.Errorf("the second has %q", made)
	}
}

func TestEmptyServerInADirectoryOfTheTests(t *testing.T) {
	ask := asked(t)
	directory := t.TempDir()
	must[float64](t, ask, fmt.Sprintf(`{"do": "make", "empty": true, "directory": %q}`, directory))
	printed := must[string](t, ask, `{"do": "run", "server": 1, "arguments": ["org", "add", "Mine"]}`)
	if printed != "done\n" {
		t.Errorf("it printed %q", printed)
	}
	if _, failure := ask(`{"do": "remove", "server": 1}`); failure != "" {
		t.Error(failure)
	}
	made, err := os.ReadFile(filepath.Join(directory, "data/commands"))
	if err != nil || string(made) != "org add Mine\n" {
		t.Errorf("its directory has %q (%v)", made, err)
	}
}

func TestCounts(t *testing.T) {
	ask := asked(t)
	must[float64](t, ask, `{"do": "make", "empty": true}`)
	if total := must[float64](t, ask, `{"do": "total", "server": 1}`); total != 12 {
		t.Errorf("the total is %v", total)
	}
	counts := must[map[string]any](t, ask, `{"do": "counts", "server": 1, "by": "type"}`)
	if fmt.Sprint(counts) != "map[MRZ:3 QR_CODE:9]" {
		t.Errorf("counted is %v", counts)
	}
	counts = must[map[string]any](t, ask, `{"do": "counts", "server": 1, "by": "slot,type"}`)
	if fmt.Sprint(counts) != "map[1700000100 QR_CODE:12]" {
		t.Errorf("counted is %v", counts)
	}
}

func TestUnreachable(t *testing.T) {
	ask := asked(t)
	url := must[string](t, ask, `{"do": "unreachable"}`)
	if connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		_ = connection.Close()
		t.Error("somebody listens there")
	}
	if listener, err := net.Listen("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		_ = listener.Close()
		t.Error("its port can be taken")
	}
}

// TestWhatWentWrongIsSaid: and the testbed goes on.
func TestWhatWentWrongIsSaid(t *testing.T) {
	ask := asked(t)
	must[float64](t, ask, `{"do": "make", "empty": true}`)
	for request, want := range map[string]string{
		`{"do": "run", "server": 1, "arguments": ["fail"]}`: "lts fail: exit status 1: it failed",
		`{"do": "start", "server": 3}`:                      "there is no server 3",
		`{"do": "dance", "server": 1}`:                      "nothing to do",
		`{"do"`:                                             "unexpected end",
		`{"do": "make", "command": "/no/lts"}`:              "/no/lts",
		fmt.Sprintf(`{"do": "make", "empty": true, "directory": %q}`, "/dev/null/x"): "/dev/null",
	} {
		if result, failure := ask(request); !strings.Contains(failure, want) {
			t.Errorf("%s: %v, %q; want %q", request, result, failure, want)
		}
	}
	must[float64](t, ask, `{"do": "total", "server": 1}`)
}

func TestBlocks(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	text := "# Page\n```go\na()\n```\n## Use\nText.\n```c\nb();\n```\n```go\nc()\n\nd()\n```\n"
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run([]string{"blocks", page, "go"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	want := `[{"section":"","line":3,"code":"a()\n"},{"section":"Use","line":11,"code":"c()\n\nd()\n"}]` + "\n"
	if out.String() != want {
		t.Errorf("printed %s", out.String())
	}
	if err := run([]string{"blocks", page, "java"}, nil, &out); err == nil {
		t.Error("no block is no error")
	}
}
