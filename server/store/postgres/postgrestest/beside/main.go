// Command beside runs a command beside a PostgreSQL server, which all the tests that
// the command runs share, instead of each test program starting one of its own:
//
//	go run ./server/store/postgres/postgrestest/beside go test ./server/...
//
// It ends as the command does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(command []string) (code int, err error) {
	if len(command) == 0 {
		return 2, errors.New("which command? (usage: beside COMMAND ARGUMENT...)")
	}
	cluster, err := postgrestest.Make(context.Background(), false)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, cluster.Remove()) }()
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec // it is what this command is for
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), postgrestest.Variable+"="+cluster.Directory)
	err = cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() > 0 {
		return failed.ExitCode(), nil // it said why
	}
	return 0, err
}
