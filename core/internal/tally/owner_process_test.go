package tally_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/tally"
)

// TestMain lets the test's program be another process: one that counts until it is killed.
func TestMain(m *testing.M) {
	if directory := os.Getenv("TALLY_DIRECTORY"); directory != "" {
		t, err := tally.Create(directory, account, 180, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		t.Relabel(0, slotStart)
		t.Add(16, 3, now.Unix())
		fmt.Println("counted")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// TestACopyOfAnotherProcess's tally is left to that process, and adopted once it was killed,
// although its parent has not taken notice.
func TestACopyOfAnotherProcess(t *testing.T) {
	directory := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program)
	process.Env = append(os.Environ(), "TALLY_DIRECTORY="+directory)
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "counted\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	text, err := os.ReadFile(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(file(t, directory)))
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tally.Adopt(copied); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("while it lives: %v", err)
	}
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var adopted *tally.Tally
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		adopted, err = tally.Adopt(copied)
		if !errors.Is(err, filelock.ErrLocked) || time.Now().After(until) {
			break
		}
	}
	if err != nil || adopted.Sums(0)[16] != 3 {
		t.Fatalf("once it was killed: %v", err)
	}
	if err := adopted.Remove(); err != nil {
		t.Error(err)
	}
}
