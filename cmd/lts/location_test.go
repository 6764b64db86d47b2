package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// plain runs the command with no flag that says where the state lives.
func plain(args ...string) (string, error) {
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	return out.String(), err
}

// All ways to name a database lead to the same one.
func TestLocation(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(file, []byte("sqlite:"+directory+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := plain("org", "add", "Example", "--database", "sqlite:"+directory); err != nil {
		t.Fatal(out, err)
	}
	for _, args := range [][]string{{"--data", directory}, {"--database-file", file},
		{"--database", "sqlite:" + directory}} {
		if out, err := plain(append(args, "org", "list")...); err != nil || !strings.Contains(out, "Example") {
			t.Errorf("%v: %s, %v", args, out, err)
		}
	}
	t.Setenv(databaseVariable, "sqlite:"+directory)
	if out, err := plain("org", "list"); err != nil || !strings.Contains(out, "Example") {
		t.Errorf("%s, %v", out, err)
	}
	for want, args := range map[string][]string{
		"both":              {"--data", directory, "--database", "sqlite:" + directory},
		"holds a password":  {"--database", "postgres://lts:s3cret@db/lts"},
		"sqlite:DIRECTORY":  {"--database", directory},
		"no such file":      {"--database-file", file + "x"},
		"first line":        {"--database-file", os.DevNull},
		"is not the URL of": {"--database", "postgres://db/lts?sslmode=perhaps"},
	} {
		out, err := plain(append(args, "org", "list")...)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error()+out, "s3cret") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// A grown installation moves from SQLite to PostgreSQL, and goes on there.
func TestCopyCommand(t *testing.T) {
	target := postgrestest.Database(t)
	directory := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"org", "add", "Example Corp", "--id", "100001"}, {"handshake", "add", "reader", "--org", "100001"},
		{"item", "add", "scans", "--org", "100001", "--charge-way", "scan", "--quota", "1000000", "--handshake",
			"100001-reader"},
	} {
		must(t, directory, args...)
	}
	server := startServer(t, directory)
	address := server.url
	load := servertest.Load{Address: func() string { return address }, Code: "100001-reader", Item: "scans"}
	<-load.Start(t, 3, 10)
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if out, err := plain("copy", "--from", "sqlite:"+directory, "--to", target); err != nil ||
		!strings.Contains(out, "copied and compared") {
		t.Fatalf("%s, %v", out, err)
	}
	address = startServer(t, target).url
	<-load.Start(t, 3, 10)
	var s statisticsJSON
	mustJSON(t, &s, target, "stats")
	if s.Total != load.Units.Load() {
		t.Errorf("counted %d, recorded %d", s.Total, load.Units.Load())
	}
	must(t, target, "verify")
	for want, args := range map[string][]string{
		"not empty":      {"--from", "sqlite:" + directory, "--to", target},
		"not SQLite":     {"--from", "sqlite:" + directory, "--to", "sqlite:x"},
		"no database in": {"--from", "sqlite:" + directory + "x", "--to", target}, "sqlite:DIRECTORY": {
			"--from", target, "--to", target,
		},
		"password":  {"--from", "sqlite:" + directory, "--to", "postgres://a:b@c/d"},
		"--to-file": {"--from", "sqlite:" + directory},
	} {
		if _, err := plain(append([]string{"copy"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
