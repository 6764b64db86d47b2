package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"

	"github.com/openlts/openlts/server/servertest"
)

func flagsOf(f *serveFlags) *pflag.FlagSet {
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	f.add(flags)
	return flags
}

func TestSettings(t *testing.T) {
	text := "# comment\n\n  limit-code = 7.5 \nlisten=0.0.0.0:1\r\nmaintenance = true\nurl-file = a = b\n"
	var f serveFlags
	if err := applySettings([]byte(text), flagsOf(&f), func(name string) bool { return name == "listen" }); err != nil {
		t.Fatal(err)
	}
	if f.limits.PerCode != 7.5 || f.listen != "127.0.0.1:48080" || !f.maintenance || f.urlFile != "a = b" {
		t.Errorf("%+v", f)
	}
	for want, text := range map[string]string{
		"line 2 is not": "maintenance = true\nlisten\n", "is not of the form": "= x", "there is no setting": "data = x",
		"again": "listen = a\nlisten = b", "line 1": "limit-code = many", "UTF-8": "listen = \xff",
		"65536": "#" + strings.Repeat("x", maxSettingsFile), "settings": "settings = x",
	} {
		var f serveFlags
		if err := applySettings([]byte(text), flagsOf(&f), func(string) bool { return false }); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// No text makes it panic, and what is set is what is written.
func FuzzSettings(f *testing.F) {
	f.Add("limit-code = 1\nmaintenance = false\n# x\n")
	f.Add("=\n= =\nlisten = =\x00")
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := parseSettings([]byte(text))
		if err != nil {
			return
		}
		var again strings.Builder
		for _, s := range settings {
			again.WriteString(s.name + " = " + s.value + "\n")
		}
		same, err := parseSettings([]byte(again.String()))
		if len(again.String()) <= maxSettingsFile && (err != nil || len(same) != len(settings)) {
			t.Errorf("%q: %v", again.String(), err)
		}
		var flags serveFlags
		_ = applySettings([]byte(text), flagsOf(&flags), func(string) bool { return false })
	})
}

// SIGHUP reads the settings anew; a file with an error leaves what is in force.
func TestSettingsAreReadAnew(t *testing.T) {
	data := standard(t)
	file := filepath.Join(t.TempDir(), "settings")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("maintenance = false\nlog-format = json\n")
	p := startServer(t, data, "--settings", file, "--log-format", "text")
	device := servertest.NewDevice(p.url)
	served := func() bool {
		_, err := device.Authorize(device.Request("100001-reader"))
		return err == nil
	}
	refused := func() bool { return !served() }
	hangUp := func() {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it serves at first", served)
	write("maintenance = true\nlog-level = debug\nlimit-guesses = 0.5\n")
	hangUp()
	until(t, "it refuses under maintenance", refused)
	write("")
	hangUp()
	until(t, "it serves after it", served)
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if log := p.stderr.String(); !strings.Contains(log, "level=DEBUG") || strings.Contains(log, `"level"`) {
		t.Error(log)
	}
	if _, err := run(data, "serve", "--settings", filepath.Join(t.TempDir(), "nothing")); err == nil ||
		!strings.Contains(err.Error(), "reading the settings") {
		t.Errorf("%v", err)
	}
}

// A file with an error leaves what is in force, and the log says why.
func TestBadSettingsChangeNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings")
	for _, text := range []string{"maintenance = perhaps", "limit-code = -1", "log-level = loud", "listen",
		"nothing = 1"} {
		if err := os.WriteFile(file, []byte("limit-guesses = 9\n"+text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		var f serveFlags
		flagsOf(&f)
		f.settings, f.maintenance = file, true
		before := f
		r := &reloading{flags: f, level: &slog.LevelVar{}, log: slog.New(slog.NewTextHandler(&out, nil))}
		r.reload(nil) // which would panic if anything was changed
		if !reflect.DeepEqual(r.flags, before) || !strings.Contains(out.String(), "the settings in force stay") {
			t.Errorf("%q: %+v\n%s", text, r.flags, &out)
		}
	}
}
