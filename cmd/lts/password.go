package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// passwordHelp tells why a password does not belong on the command line.
const passwordHelp = `A password on the command line can be read by everybody on this machine, and stays
in the shell's history; --session-password-file takes it from a file, or with "-"
from standard input. If that is a terminal, the password is asked for and not shown.`

// passwordFlags are the ways in which a command takes a session password.
type passwordFlags struct{ text, file string }

func (p *passwordFlags) add(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&p.text, "session-password", "", "the `password`: "+what)
	cmd.Flags().StringVar(&p.file, "session-password-file", "",
		"the `file` whose first line is the session password; -: standard input")
	cmd.MarkFlagsMutuallyExclusive("session-password", "session-password-file")
}

// read returns the password; "" if none is given.
func (p *passwordFlags) read(cmd *cobra.Command) (string, error) {
	if p.file == "" {
		return p.text, nil
	}
	password, err := readPassword(cmd, p.file)
	if err != nil {
		return "", fmt.Errorf("reading the session password: %w", err)
	}
	return password, nil
}

// maxPasswordFile is longer than any password.
const maxPasswordFile = 4096

// readPassword reads the first and only line of a file, or of standard input.
func readPassword(cmd *cobra.Command, path string) (string, error) {
	source := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // it is only read
		source = f
	} else if terminal, ok := source.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		return askPassword(cmd, terminal)
	}
	content, err := io.ReadAll(io.LimitReader(source, maxPasswordFile+1))
	if err != nil {
		return "", err
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case password == "":
		return "", fmt.Errorf("there is none in %s", path)
	case len(content) > maxPasswordFile || strings.Contains(password, "\n"):
		return "", fmt.Errorf("%s holds more than one line", path)
	}
	return password, nil
}

// askPassword asks for a password on a terminal, twice, because the terminal does not show it.
func askPassword(cmd *cobra.Command, terminal *os.File) (string, error) {
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		_, _ = fmt.Fprint(cmd.ErrOrStderr(), prompt)
		text, err := readUnshown(cmd.Context(), int(terminal.Fd()))
		_, _ = fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", err
		}
		typed[i] = text
	}
	switch {
	case typed[0] != typed[1]:
		return "", fmt.Errorf("the two differ; nothing was changed")
	case typed[0] == "":
		return "", fmt.Errorf("it is empty; nothing was changed")
	}
	return typed[0], nil
}

// readUnshown reads a line from a terminal without showing it. If the user ends the command
// meanwhile (Ctrl-C), it does not wait for the line, and restores the terminal.
func readUnshown(ctx context.Context, terminal int) (string, error) {
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(terminal)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		return string(l.text), l.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("nothing was typed, and nothing changed"), term.Restore(terminal, before))
	}
}
