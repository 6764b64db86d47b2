package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/teststore"
)

// runAsLTS in the environment makes the test binary the command itself: tests
// which need a real process start themselves.
const runAsLTS = "OPENLTS_TEST_RUN_AS_LTS"

func TestMain(m *testing.M) {
	if os.Getenv(runAsLTS) != "" {
		main()
		os.Exit(0)
	}
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil { // or each would sleep for a second at its end
		panic(err)
	}
	os.Exit(teststore.Run(m))
}

// newData is where a test's state may live: a directory that is not there yet, or a
// database without tables.
func newData(t testing.TB) string {
	t.Helper()
	if teststore.OnPostgreSQL() {
		return postgrestest.Database(t)
	}
	return filepath.Join(t.TempDir(), "data")
}

// databaseFlag is the flag that takes such a place.
func databaseFlag(data string) string {
	if postgres.IsURL(data) {
		return "--database"
	}
	return "--data"
}

// onFiles skips a test of what only SQLite has.
func onFiles(t testing.TB) {
	t.Helper()
	if teststore.OnPostgreSQL() {
		t.Skip("this is about the files of SQLite")
	}
}

// run runs the command within the test.
func run(data string, args ...string) (stdout string, err error) {
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{databaseFlag(data), data}, args...))
	err = root.ExecuteContext(context.Background())
	return out.String(), err
}

// must runs the command and gives what it prints.
func must(t testing.TB, data string, args ...string) string {
	t.Helper()
	out, err := run(data, args...)
	if err != nil {
		t.Fatalf("lts %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

// mustJSON runs the command with --json and reads what it prints.
func mustJSON(t testing.TB, value any, data string, args ...string) {
	t.Helper()
	out := must(t, data, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), value); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
}

// standard makes organization 100001 with code 100001-reader and item scans.
func standard(t testing.TB) (data string) {
	t.Helper()
	data = teststore.Name(t) // with its tables: most tests are not about making them
	if directory := database.Directory(data); directory != "" {
		data = directory
	}
	addStandard(t, data)
	return data
}

func addStandard(t testing.TB, data string) {
	t.Helper()
	must(t, data, "org", "add", "Example Corp", "--id", "100001")
	must(t, data, "handshake", "add", "reader", "--org", "100001")
	must(t, data, "item", "add", "scans", "--org", "100001", "--charge-way", "scan", "--quota", "1000000",
		"--handshake", "100001-reader")
}

// process is a running `lts serve`.
type process struct {
	cmd     *exec.Cmd
	url     string
	urlFile string
	stderr  *bytes.Buffer
	ended   chan struct{} // closed when it has
	err     error         // how it ended
}

// startServer starts `lts serve` as a process of its own and waits until it serves.
func startServer(t testing.TB, data string, args ...string) *process {
	t.Helper()
	urlFile := filepath.Join(t.TempDir(), "url")
	p := &process{urlFile: urlFile, stderr: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], append([]string{"serve", databaseFlag(data), data,
		"--listen", servertest.Loopback() + ":0", "--url-file", urlFile}, args...)...)
	p.cmd.Env = append(os.Environ(), runAsLTS+"=1")
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.ended
		if t.Failed() {
			t.Logf("lts serve %q said:\n%s", args, p.stderr)
		}
	})
	until(t, "lts serve serves", func() bool {
		content, err := os.ReadFile(urlFile)
		p.url = strings.TrimSuffix(string(content), "\n")
		select {
		case <-p.ended:
			t.Fatalf("lts serve ended: %v\n%s", p.err, p.stderr)
		default:
		}
		return err == nil
	})
	return p
}

// patience is how long tests wait for what has to happen. It takes that long only if
// something is wrong, however busy the machine is.
const patience = 3 * time.Minute

// until waits until something holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not yet: %s", what)
		}
	}
}

// end ends the process with a signal and gives how it ended.
func (p *process) end(t testing.TB, signal syscall.Signal) error {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	return p.err
}
