package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// installation is what a License Tracking Server keeps, and the servers that run on it.
type installation struct {
	program  string                // lts
	location []string              // the flag that says where it keeps it
	database *postgrestest.Cluster // nil: in files
	logs     string                // directory
	servers  []*server
}

// The accounts of the campaign: two codes with an item each, no limits.
var codes = []string{"100001-reader", "100001-writer"}

// makeDatabase has the installation keep everything in a PostgreSQL server of its own,
// which waits for the disk at each commit.
func (i *installation) makeDatabase(ctx context.Context) (err error) {
	if i.database, err = postgrestest.Make(ctx, true); err != nil {
		return err
	}
	url, err := i.database.Fresh(ctx)
	i.location = []string{"--database", url}
	return err
}

// closeDatabase ends the database's server, and removes its data unless it is to be kept.
func (i *installation) closeDatabase(keep bool) {
	switch {
	case i.database == nil:
	case keep:
		i.database.Stop()
		fmt.Fprintln(os.Stderr, "kept:", i.database.Directory)
	default:
		_ = i.database.Remove()
	}
}

// setUp makes the accounts, and so many servers that do not run yet.
func (i *installation) setUp(servers int) error {
	for n := range servers {
		i.servers = append(i.servers, &server{installation: i, number: n})
	}
	commands := [][]string{{"org", "add", "Campaign", "--id", "100001"}}
	for _, code := range codes {
		_, custom, _ := strings.Cut(code, "-")
		commands = append(commands, []string{"handshake", "add", custom, "--org", "100001"},
			[]string{"item", "add", custom, "--id", custom,
				"--org", "100001", "--charge-way", "scan", "--quota", "unlimited", "--handshake", code})
	}
	for _, arguments := range commands {
		if _, err := i.lts(arguments...); err != nil {
			return err
		}
	}
	return nil
}

// lts runs a command on the installation.
func (i *installation) lts(arguments ...string) ([]byte, error) {
	command := exec.Command(i.program, append(slices.Clone(i.location), arguments...)...)
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		err = fmt.Errorf("lts %s: %w: %s", strings.Join(arguments, " "), err, stderr.String())
	}
	return output, err
}

// books reads what the server counted, and lets it verify that.
func (i *installation) books() (serverBooks, error) {
	var b serverBooks
	stats, err := i.lts("stats", "--by", "device,handshake,type", "--json")
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(stats, &b); err != nil {
		return b, fmt.Errorf("lts stats: %w", err)
	}
	verified, err := i.lts("verify", "--json")
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // it ends with 1 if there are differences
		return b, err
	}
	if err := json.Unmarshal(verified, &b.Verified); err != nil {
		return b, fmt.Errorf("lts verify: %w", err)
	}
	return b, nil
}

func (i *installation) start() error {
	for _, s := range i.servers {
		if err := s.start(); err != nil {
			return err
		}
	}
	return nil
}

func (i *installation) stop() error {
	var failures []error
	for _, s := range i.servers {
		failures = append(failures, s.end())
	}
	return errors.Join(failures...)
}

// running lists the addresses of the servers that run.
func (i *installation) running() []string {
	var addresses []string
	for _, s := range i.servers {
		if address := s.where(); address != "" {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// server is one `lts serve` on an installation.
type server struct {
	installation *installation
	number       int

	mu      sync.Mutex
	command *exec.Cmd
	address string // host:port; "" while it does not run
	exited  chan struct{}
	err     error // how it ended; after exited
}

func (s *server) where() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// Times a server may take. They are wide; nothing is concluded from them but
// that it hangs.
const (
	startTime = time.Minute
	stopTime  = time.Minute
)

// start starts the server and waits until it is ready.
func (s *server) start() error {
	urlFile := filepath.Join(s.installation.logs, fmt.Sprintf("server-%d.url", s.number))
	if err := os.Remove(urlFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.installation.logs, fmt.Sprintf("server-%d.log", s.number)),
		os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	command := exec.Command(s.installation.program, append(slices.Clone(s.installation.location), "serve",
		"--listen", "127.0.0.1:0", "--url-file", urlFile, "--log-level", "warn")...)
	command.Stderr = log
	if err := command.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.mu.Lock()
	s.command, s.exited = command, exited
	s.mu.Unlock()
	go func() {
		err := command.Wait()
		s.mu.Lock()
		s.err, s.address = err, ""
		s.mu.Unlock()
		close(exited)
	}()
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); {
		if text, err := os.ReadFile(urlFile); err == nil {
			address, err := url.Parse(strings.TrimSpace(string(text)))
			if err != nil {
				return err
			}
			s.mu.Lock()
			s.address = address.Host
			s.mu.Unlock()
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("the server ended while it started: %w; see %s", s.err, log.Name())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("the server is not ready after %s; see %s", startTime, log.Name())
}

// kill ends the server with SIGKILL.
func (s *server) kill() {
	s.mu.Lock()
	command, exited := s.command, s.exited
	s.command, s.address = nil, ""
	s.mu.Unlock()
	if command == nil {
		return
	}
	_ = command.Process.Kill()
	<-exited
}

// end asks the server to end, and reports if it does not.
func (s *server) end() error {
	s.mu.Lock()
	command, exited := s.command, s.exited
	s.command, s.address = nil, ""
	s.mu.Unlock()
	if command == nil {
		return nil
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-exited:
	case <-time.After(stopTime):
		_ = command.Process.Kill()
		<-exited
		return fmt.Errorf("the server had not ended %s after SIGTERM", stopTime)
	}
	if s.err != nil {
		return fmt.Errorf("the server ended with %w after SIGTERM", s.err)
	}
	return nil
}
