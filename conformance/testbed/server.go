package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// patience is how long what has to happen may take on a busy machine.
	patience = 60 * time.Second

	// Ports of servers: below those that systems hand out to whoever asks for any, so that
	// nobody gets the port of a server that is stopped for a while.
	firstPort, lastPort = 15000, 30000
)

// fixture is `standard` of conformance/scenarios.json, as commands.
var fixture = [][]string{
	{"org", "add", "Example", "--id", "100001"},
	{"handshake", "add", "reader", "--org", "100001", "--default"},
	{"handshake", "add", "locked", "--org", "100001", "--session-password", "s3cret"},
	{
		"item", "add", "scans", "--id", "scans", "--org", "100001", "--charge-way", "scan",
		"--quota", "1000000", "--handshake", "100001-reader",
	},
	{
		"item", "add", "locked-scans", "--id", "locked-scans", "--org", "100001", "--charge-way", "scan",
		"--quota", "1000000", "--handshake", "100001-locked",
	},
}

// server is a data directory, and the process that serves it while it is started.
type server struct {
	lts       string
	directory string
	temporary bool   // whether the directory is removed in the end
	listen    string // after the first start
	process   *exec.Cmd
	ended     chan struct{} // closed once the process has ended
}

// newServer makes one with an empty directory, or in the directory named, which is left
// alone in the end.
func newServer(lts, directory string) (*server, error) {
	s := &server{lts: lts, directory: directory}
	if directory != "" {
		return s, os.MkdirAll(directory, 0o755)
	}
	var err error
	s.directory, err = os.MkdirTemp("", "lts-testbed-")
	s.temporary = true
	return s, err
}

// data is where the server keeps what it knows.
func (s *server) data() string { return filepath.Join(s.directory, "data") }

// start gives the address once the server answers there.
func (s *server) start() (string, error) {
	if s.process != nil {
		return "", errors.New("the server is started already")
	}
	if s.listen != "" {
		return s.serve(s.listen)
	}
	var failed error
	// Another run of tests may take the port that was just found free.
	for range 5 {
		listen, err := freeAddress()
		if err != nil {
			return "", err
		}
		url, err := s.serve(listen)
		if err == nil {
			s.listen = listen
			return url, nil
		}
		failed = err
	}
	return "", failed
}

// freeAddress gives an address on this machine at which nobody listens.
func freeAddress() (string, error) {
	var failed error
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort)))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			return address, listener.Close()
		}
		failed = err
	}
	return "", fmt.Errorf("no port is free: %w", failed)
}

func (s *server) serve(listen string) (string, error) {
	urlFile, logFile := filepath.Join(s.directory, "url"), filepath.Join(s.directory, "log")
	if err := os.Remove(urlFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	log, err := os.OpenFile(logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { _ = log.Close() }() // the process has it
	process := exec.Command(s.lts, "serve", "--data", s.data(), "--listen", listen, "--url-file", urlFile)
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		_ = process.Wait() // how it ended is in its log
		close(ended)
	}()
	s.process, s.ended = process, ended
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if url, err := os.ReadFile(urlFile); err == nil && bytes.HasSuffix(url, []byte("\n")) {
			return strings.TrimSpace(string(url)), nil
		}
		select {
		case <-ended:
			s.process = nil
			said, _ := os.ReadFile(logFile)
			return "", fmt.Errorf("lts serve ended: %s", said)
		case <-time.After(5 * time.Millisecond):
		}
	}
	said, _ := os.ReadFile(logFile)
	return "", errors.Join(fmt.Errorf("lts serve did not get ready in %s: %s", patience, said), s.stop())
}

// stop asks the server to end, and sees to it that it does.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	process := s.process.Process
	s.process = nil
	// Windows knows no such signal.
	if process.Signal(syscall.SIGTERM) != nil {
		_ = process.Kill() // or it has ended
	}
	select {
	case <-s.ended:
		return nil
	case <-time.After(patience):
		_ = process.Kill()
		<-s.ended
		return fmt.Errorf("lts serve did not end in %s, and was killed", patience)
	}
}

func (s *server) remove() error {
	err := s.stop()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.directory))
	}
	return err
}

// run gives what lts prints.
func (s *server) run(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var failure strings.Builder
	command := exec.CommandContext(ctx, s.lts, append(arguments[:len(arguments):len(arguments)], "--data", s.data())...)
	command.Stderr = &failure
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("lts %s: %w: %s%s", strings.Join(arguments, " "), err, printed, failure.String())
	}
	return string(printed), nil
}

// statistics is what `lts stats --json` prints.
type statistics struct {
	Total json.Number      `json:"total"`
	Rows  []map[string]any `json:"rows"`
}

func (s *server) statistics(by string) (statistics, error) {
	printed, err := s.run("stats", "--by", by, "--json")
	if err != nil {
		return statistics{}, err
	}
	var all statistics
	decoder := json.NewDecoder(strings.NewReader(printed))
	decoder.UseNumber()
	return all, decoder.Decode(&all)
}

func (s *server) total() (json.Number, error) {
	all, err := s.statistics("type")
	return all.Total, err
}

// counts adds up by columns, whose values it joins.
func (s *server) counts(by string) (map[string]any, error) {
	all, err := s.statistics(by)
	if err != nil {
		return nil, err
	}
	columns := strings.Split(by, ",")
	counted := make(map[string]any, len(all.Rows))
	for _, row := range all.Rows {
		values := make([]string, len(columns))
		for i, column := range columns {
			values[i] = fmt.Sprint(row[column])
		}
		counted[strings.Join(values, " ")] = row["count"]
	}
	return counted, nil
}
