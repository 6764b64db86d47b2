package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// The flag comes first, then the environment, then the file, then the default: for each
// flag of serve.
func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file,
		[]byte("limit-code = 3\nlimit-guesses = 3\nlimit-devices = 3\ntrusted-origin = https://file.example\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LTS_LIMIT_CODE", "2")
	t.Setenv("LTS_LIMIT_GUESSES", "2")
	t.Setenv("LTS_SETTINGS", file)
	t.Setenv("LTS_LOG_LEVEL", "") // says nothing
	data := newData(t)
	must(t, data, "org", "add", "Example")
	var got map[string]struct{ Value, From string }
	mustJSON(t, &got, data, "config", "check", "--limit-code", "1")
	for name, want := range map[string]string{
		"limit-code": "1 flag", "limit-guesses": "2 environment", "limit-devices": "3 file",
		"limit-reports": "20 default", "log-level": "info default", "trusted-origin": "https://file.example file",
	} {
		if is := got[name].Value + " " + got[name].From; is != want {
			t.Errorf("%s: %s, want %s", name, is, want)
		}
	}
	t.Setenv("LTS_LIMIT_GUESSES", "many")
	if _, err := run(data, "config", "check"); err == nil || !strings.Contains(err.Error(), "LTS_LIMIT_GUESSES") {
		t.Error(err)
	}
}

// Each flag has a variable, and what is set by it can be set again when it is read anew.
func TestEachFlagHasAVariable(t *testing.T) {
	var f serveFlags
	flags := flagsOf(&f)
	values := map[string]string{}
	flags.VisitAll(func(flag *pflag.Flag) {
		value := map[string]string{"bool": "true", "float64": "7", "duration": "7s", "string": "seven",
			"stringSlice": "https://a.example,https://b.example"}[flag.Value.Type()]
		values[variable(flag.Name)] = value
		if value == "" {
			t.Errorf("%s is of a type this test does not know: %s", flag.Name, flag.Value.Type())
		}
	})
	set, err := applyEnvironment(flags, func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	})
	if err != nil || len(set) != len(values) {
		t.Errorf("%d of %d, %v", len(set), len(values), err)
	}
	flags.VisitAll(func(flag *pflag.Flag) {
		if got := valueOf(flag); got != values[variable(flag.Name)] {
			t.Errorf("%s is %q, not %q", flag.Name, got, values[variable(flag.Name)])
		}
	})
	unknown := unknownVariables(flags, []string{"LTS_LISTEN=x", "LTS_DATA=y", "LTS_LISTN=z", "PATH=/bin"})
	if !slices.Equal(unknown, []string{"LTS_LISTN"}) {
		t.Error(unknown)
	}
}

func TestConfigCheck(t *testing.T) {
	data := newData(t)
	for want, arguments := range map[string][]string{
		"belong together":         {"--tls-cert", "x"},
		"loading the certificate": {"--tls-cert", "/nowhere", "--tls-key", "/nowhere"},
		"is not an address":       {"--listen", "nowhere"}, "trusted-origin": {"--trusted-origin", "lts.example.com"},
		"log-level": {"--log-level", "loud"}, "a limit is": {"--limit-code", "-1"},
		"no such file": {"--settings", "/nowhere"},
	} {
		if out, err := run(data, append([]string{"config", "check"}, arguments...)...); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %s", arguments, err, out)
		}
	}
	if out := must(t, data, "config", "check"); !strings.Contains(out, "listen") || !strings.Contains(out, "default") {
		t.Error(out)
	}
}

// systemd is told when the server serves, that it lives, and that it ends.
func TestSystemdIsTold(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // it was read
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "20000")
	p := startServer(t, standard(t), "--listen", "127.0.0.1:0")
	next := func() string {
		t.Helper()
		text := make([]byte, 4096)
		if err := listener.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		n, err := listener.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	if got := next(); !strings.HasPrefix(got, "READY=1\nSTATUS=serving at http://127.0.0.1:") {
		t.Errorf("%q", got)
	}
	if got := next(); got != "WATCHDOG=1" {
		t.Errorf("%q", got)
	}
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var got string
	for got = next(); got == "WATCHDOG=1"; got = next() {
	}
	if got != "STOPPING=1" {
		t.Errorf("%q", got)
	}
	if s := newSupervisor(func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "5", "WATCHDOG_PID": "7"}[name]
	}, 8); s.socket != "\x00x" || s.watchdog != 0 {
		t.Errorf("%+v", s)
	}
}

// systemd takes the unit that the documentation offers.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	text, err := os.ReadFile("../../docs/systemd/lts.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "lts.service")
	text = regexp.MustCompile(`ExecStart=\S+`).ReplaceAll(text, []byte("ExecStart="+os.Args[0]))
	if err := os.WriteFile(unit, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "lts.service:") {
		t.Errorf("%v: %s", err, out)
	}
}
