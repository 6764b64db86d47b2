package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/openlts/openlts/conformance/attack/books"
	"github.com/openlts/openlts/conformance/attack/tracer"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/verification"
)

const (
	code = "100001-reader"
	// allowed is how long a victim may take; it is wide.
	allowed = 10 * time.Minute
)

// scene is where an attack takes place: a server's directory, a data directory,
// and what the victims of it noted. A template of each start is copied for each
// point, so that nothing is left of one attack in the next.
type scene struct {
	directory string
	victim    string // the program
	now       time.Time
	hold      int
	running   int // number of the victim
}

// The starts of an attack.
const (
	empty = "empty" // nothing is there, not even the directory
	left  = "left"  // two runs were killed there
	// beside is left, and another process has the directory open. When the attack is
	// over, it goes on.
	beside = "beside"
)

func (s *scene) server() string { return filepath.Join(s.directory, "server") }
func (s *scene) data() string   { return filepath.Join(s.directory, "store") }

// copy makes a scene like this one in another directory.
func (s *scene) copy(directory string) (*scene, error) {
	if err := os.CopyFS(directory, os.DirFS(s.directory)); err != nil {
		return nil, err
	}
	another := *s
	another.directory = directory
	return &another, nil
}

// newScene makes the template of the empty start.
func newScene(ctx context.Context, directory, victim string, now time.Time, hold int) (*scene, error) {
	s := &scene{directory: directory, victim: victim, now: now, hold: hold}
	if err := os.Mkdir(directory, 0o700); err != nil {
		return nil, err
	}
	kept, err := sqlite.Open(ctx, s.server(), true)
	if err != nil {
		return nil, err
	}
	admin := &administration.Administrator{Store: kept, Now: time.Now, Actor: "attack"}
	_, err = admin.AddOrganization(ctx, "Attack", "100001")
	if err == nil {
		_, err = admin.AddHandshakeCode(ctx, administration.HandshakeCode{Organization: "100001", Custom: "reader"})
	}
	if err == nil {
		_, err = admin.AddItem(ctx,
			store.Item{ID: "scans", Name: "scans", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
				Products: protocol.ProductAll, Quota: 1 << 40, StartsAt: now.Add(-30 * 24 * time.Hour).Unix(),
				ExpiresAt: now.Add(365 * 24 * time.Hour).Unix(), MaxBufferDays: 365}, []string{code})
	}
	return s, errors.Join(err, kept.Close())
}

// leave makes a scene that of the left start: two runs die in it.
func (s *scene) leave(ctx context.Context) error {
	running, err := s.serve(ctx)
	if err != nil {
		return err
	}
	defer running.stop()
	for n := range 2 {
		v := s.next("leave", running.address, s.now.Add(time.Duration(n-6)*time.Hour))
		status, err := v.run()
		if err == nil && !killed(status) {
			err = fmt.Errorf("a victim that should leave ended with %v", status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func killed(status syscall.WaitStatus) bool {
	return status.Signaled() && status.Signal() == syscall.SIGKILL
}

// serving is a License Tracking Server within this process.
type serving struct {
	store   *sqlite.Store
	server  *server.Server
	address string
}

func (s *scene) serve(ctx context.Context) (*serving, error) {
	kept, err := sqlite.Open(ctx, s.server(), false)
	if err != nil {
		return nil, err
	}
	running, err := server.New(ctx, server.Config{Store: kept, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	go func() { _ = running.Serve(listener) }()
	return &serving{kept, running, "http://" + listener.Addr().String()}, nil
}

func (s *serving) stop() {
	_ = s.server.Shutdown(context.Background())
	_ = s.store.Close()
}

// counted is what a server counted: by device and type.
type counted struct {
	ByDevice map[string]int64 `json:"byDevice"`
	ByType   map[string]int64 `json:"byType"`
	Lost     int64            `json:"lost"`
	// Differences between its totals and the raw reports.
	Differences []string `json:"differences,omitempty"`
}

func (s *serving) counted(ctx context.Context) (counted, error) {
	all := counted{ByDevice: map[string]int64{}, ByType: map[string]int64{}}
	statistics, err := s.store.Statistics(ctx, store.StatisticsQuery{By: []store.Column{store.ByDevice, store.ByType}})
	if err != nil {
		return all, err
	}
	for _, units := range statistics.Lost {
		all.Lost += units
	}
	for _, row := range statistics.Rows {
		all.ByDevice[row.Device] += row.Count
		all.ByType[row.Type] += row.Count
	}
	verified, err := verification.Run(ctx, s.store, verification.Options{})
	for _, difference := range verified.Differences {
		all.Differences = append(all.Differences, fmt.Sprint(difference))
	}
	return all, err
}

// victimRun is one process.
type victimRun struct {
	scene                    *scene
	command                  *exec.Cmd
	books, statement, stderr string
}

// next prepares the next victim of the scene.
func (s *scene) next(mode, address string, now time.Time) *victimRun {
	s.running++
	name := func(what string) string {
		return filepath.Join(s.directory, fmt.Sprintf("%d-%s.%s", s.running, mode, what))
	}
	v := &victimRun{scene: s, books: name("books"), statement: name("json"), stderr: name("stderr")}
	v.command = exec.Command(s.victim, "-mode", mode, "-server", address, "-code", code, "-data", s.data(),
		"-books", v.books,
		"-statement", v.statement, "-now", fmt.Sprint(now.Unix()), "-hold", fmt.Sprint(s.hold))
	// Signals that the Go runtime sends to itself only cost time here.
	v.command.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1")
	return v
}

// run runs a victim undisturbed.
func (v *victimRun) run() (syscall.WaitStatus, error) {
	ctx, cancel := context.WithTimeout(context.Background(), allowed)
	defer cancel()
	stderr, err := os.Create(v.stderr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = stderr.Close() }()
	v.command.Stderr = stderr
	if err := v.command.Start(); err != nil {
		return 0, err
	}
	over := context.AfterFunc(ctx, func() { _ = v.command.Process.Kill() })
	err = v.command.Wait()
	if !over() {
		return 0, tracer.ErrHung
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	status, _ := v.command.ProcessState.Sys().(syscall.WaitStatus)
	return status, nil
}

// begin starts a victim that waits in the middle. proceed lets it go on, to its end.
func (v *victimRun) begin() (proceed func() (syscall.WaitStatus, error), err error) {
	stderr, err := os.Create(v.stderr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stderr.Close() }() // the victim has its own
	v.command.Stderr = stderr
	stdin, err := v.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := v.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := v.command.Start(); err != nil {
		return nil, err
	}
	over := time.AfterFunc(allowed, func() { _ = v.command.Process.Kill() })
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		_ = v.command.Process.Kill()
		return nil, errors.Join(fmt.Errorf("the process beside does not begin: %w", err), v.command.Wait())
	}
	return func() (syscall.WaitStatus, error) {
		_ = stdin.Close()
		err := v.command.Wait()
		if !over.Stop() {
			return 0, tracer.ErrHung
		}
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return 0, err
		}
		status, _ := v.command.ProcessState.Sys().(syscall.WaitStatus)
		return status, nil
	}, nil
}

// attack runs a victim whose calls are decided about.
func (v *victimRun) attack(decide func(tracer.Call) tracer.Decision) (syscall.WaitStatus, error) {
	stderr, err := os.Create(v.stderr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = stderr.Close() }()
	v.command.Stderr = stderr
	return tracer.Run(v.command, v.scene.data(), allowed, decide)
}

// said is what a victim left of itself.
func (v *victimRun) said() (statement books.Statement, complaint string, err error) {
	text, err := os.ReadFile(v.stderr)
	if err != nil {
		return statement, "", err
	}
	complaint = string(text)
	text, err = os.ReadFile(v.statement)
	if errors.Is(err, os.ErrNotExist) { // it was killed
		return statement, complaint, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &statement)
	}
	return statement, complaint, err
}

// noted adds up the books of all victims of the scene.
func (s *scene) noted() (books.Page, error) {
	files, err := filepath.Glob(filepath.Join(s.directory, "*.books"))
	if err != nil {
		return books.Page{}, err
	}
	var sum books.Page
	for _, file := range files {
		page, err := books.Read(file)
		if err != nil {
			return sum, err
		}
		for i := range page.Types {
			sum.Types[i] = sum.Types[i].Plus(page.Types[i])
		}
		sum.Flags |= page.Flags
		sum.Told += page.Told
	}
	return sum, nil
}
