package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo terminal: who types and reads, and what a program has.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("a terminal can't be had: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() }) // the program's side may be closed already
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("/dev/pts/%d", number)
	if program, err = os.OpenFile(name, os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skipf("a terminal can't be had: %v", err)
	}
	return person, program
}

// A password that is typed at a terminal is asked for twice and shown by none of it; a
// mistake changes nothing, and the terminal shows what is typed again afterwards.
func TestPasswordAtATerminal(t *testing.T) {
	data := standard(t)
	for _, test := range []struct {
		name   string
		typed  []string // in answer to one prompt after the other
		want   string   // in what is shown
		failed bool
	}{
		{"right", []string{"correct horse\n", "correct horse\n"}, "", false},
		{"two that differ", []string{"correct horse\n", "correct hose\n"}, "the two differ", true},
		{"empty", []string{"\n", "\n"}, "it is empty", true},
		{"corrected", []string{"wrong\x15correct horse\n", "correct horse\n"}, "", false}, // Ctrl-U
		{"interrupted", []string{"\x03"}, "nothing changed", true},                        // Ctrl-C
	} {
		t.Run(test.name, func(t *testing.T) {
			person, program := terminal(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			code := strings.ReplaceAll(test.name, " ", "-")
			cmd := exec.CommandContext(ctx, os.Args[0], databaseFlag(data), data, "handshake", "add", code, "--org",
				"100001", "--session-password-file", "-")
			cmd.Env = append(os.Environ(), runAsLTS+"=1")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := program.Close(); err != nil {
				t.Fatal(err)
			}
			var shown bytes.Buffer
			piece := make([]byte, 4096)
			typed := 0
			for {
				n, err := person.Read(piece)
				shown.Write(piece[:n])
				// The echo is off by the time of the prompt's end, or soon: what is typed before
				// would be shown.
				if typed < len(test.typed) && bytes.Count(shown.Bytes(), []byte(": ")) > typed && silent(t, person) {
					if _, err := person.WriteString(test.typed[typed]); err != nil {
						t.Fatal(err)
					}
					typed++
				}
				if err != nil { // EIO: nobody has the other side any more
					break
				}
			}
			err := cmd.Wait()
			if state, err := unix.IoctlGetTermios(int(person.Fd()), unix.TCGETS); err != nil ||
				state.Lflag&unix.ECHO == 0 {
				t.Errorf("the terminal does not show what is typed afterwards: %v", err)
			}
			if failed := err != nil; failed != test.failed || !strings.Contains(shown.String(), test.want) {
				t.Errorf("%v:\n%s", err, shown.String())
			}
			if strings.Contains(shown.String(), "horse") || strings.Contains(shown.String(), "wrong") {
				t.Errorf("the password is shown:\n%s", shown.String())
			}
			list := must(t, data, "handshake", "list")
			if added := strings.Contains(list, "100001-"+code+" "); added == test.failed {
				t.Errorf("added: %t\n%s", added, list)
			}
		})
	}
}

// silent waits until a terminal shows nothing of what is typed.
func silent(t *testing.T, terminal *os.File) bool {
	t.Helper()
	until(t, "the terminal does not show what is typed", func() bool {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return state.Lflag&unix.ECHO == 0
	})
	return true
}
