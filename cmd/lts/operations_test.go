package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// consoleBlock is a block of commands in a page of documentation.
var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// All commands of docs/operations.md work, in the order of the page, in one shell.
func TestOperationsPage(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "sqlite3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the page uses %s, which is not installed: %v", tool, err)
		}
	}
	directory := t.TempDir()
	runPage(t, "operations.md", 25, directory)
	log, err := os.ReadFile(filepath.Join(directory, "server.log"))
	if err != nil || !strings.Contains(string(log), "msg=ended") {
		t.Errorf("the server did not end in good order: %v\n%s", err, log)
	}
}

// All commands of docs/scaling.md work on a PostgreSQL server that is there.
func TestScalingPage(t *testing.T) {
	t.Parallel() // waits more than it works
	directory, environment := postgrestest.Durable(t).Shell(t)
	runPage(t, "scaling.md", 25, directory, environment...)
}

// runPage runs the commands of a page of documentation, at least so many, in a
// directory.
func runPage(t *testing.T, name string, least int, directory string, environment ...string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e -o pipefail\n"
	commands := 0
	for _, block := range consoleBlock.FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(block[1]) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				t.Fatalf("not a command: %q", line)
			}
			script += fmt.Sprintf("echo %s\n", quote("$ "+strings.TrimSpace(command))) + command
			commands++
		}
	}
	if commands < least {
		t.Fatalf("only %d commands were found", commands)
	}

	// `lts` in the page is this test binary.
	bin := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\n%s=1 exec %s \"$@\"\n", runAsLTS, quote(os.Args[0]))
	if !filepath.IsAbs(os.Args[0]) {
		t.Fatalf("the path of the test binary is not absolute: %s", os.Args[0])
	}
	if err := os.WriteFile(filepath.Join(bin, "lts"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience) // it must not hang for ever
	defer cancel()
	// Should the script fail, its server must not outlive it.
	cmd := exec.CommandContext(ctx, "bash", "-c",
		"trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\nPATH="+quote(bin)+":$PATH\n"+script)
	cmd.Dir = directory
	cmd.Env = append(os.Environ(), environment...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// The commands of the README that set up a server work; the last of them serves.
func TestReadme(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Run a server\n")
	_, block, _ := strings.Cut(section, "```sh\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok || !strings.HasPrefix(block, "go build -o out/bin/lts ./cmd/lts\n") ||
		!strings.HasSuffix(block, "\nout/bin/lts serve --data lts-data\n") {
		t.Fatalf("the block of commands is not what this test knows:\n%s", block)
	}
	directory := t.TempDir()
	for _, line := range strings.Split(strings.TrimSpace(block), "\n")[1:] {
		command := strings.Replace(line, "out/bin/lts", quote(os.Args[0]), 1)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if strings.Contains(line, " serve ") { // a port may be taken; only this is not as the page says
			command += " --listen 127.0.0.1:0 --url-file url & while [ ! -f url ]; do sleep 0.1; done; kill $!; wait $!"
		}
		cmd := exec.CommandContext(ctx, "sh", "-c", command)
		cmd.Dir = directory
		cmd.Env = append(os.Environ(), runAsLTS+"=1")
		cmd.WaitDelay = 10 * time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Every command there is, is on the page.
func TestOperationsPageIsComplete(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range newRoot().Commands() {
		if cmd.Name() != "completion" && cmd.Name() != "help" && !strings.Contains(string(page), "lts "+cmd.Name()) {
			t.Errorf("lts %s is not on the page", cmd.Name())
		}
	}
}
