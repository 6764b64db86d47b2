// Package postgrestest runs PostgreSQL servers for tests: each in a temporary directory, as a user
// without privileges, reachable by a socket in the directory.
package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrMissing is the error on a machine without PostgreSQL.
var ErrMissing = errors.New("there is no PostgreSQL server on this machine (build/bootstrap test installs it)")

// Superuser is the user of a cluster who may do everything, without a password.
const Superuser = "postgres"

// Cluster is a PostgreSQL server with its data.
type Cluster struct {
	Directory string // of its socket, and of what belongs to it
	Durable   bool   // it waits for the disk at each commit

	programs string
	as       *syscall.Credential // nil: who runs the tests

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{} // closed when the process is gone
	serial  int
}

// Make makes a cluster and starts it. Durable ones wait for the disk at each
// commit, as those in use do; others are faster. Remove ends it.
func Make(ctx context.Context, durable bool) (*Cluster, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	c := &Cluster{Durable: durable, programs: programs}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		if c.as, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	c.Directory, err = c.makeDirectory("", "openlts-postgres-")
	if err == nil {
		err = c.run(ctx, "initdb", "--pgdata="+c.data(), "--username="+Superuser, "--auth=trust", "--encoding=UTF8",
			"--locale=C", "--no-sync", "--no-instructions")
	}
	if err == nil {
		err = c.configure()
	}
	if err == nil {
		err = c.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// configure writes the settings of the cluster. A replica must use them, too, because it can't have
// fewer connections than its primary.
func (c *Cluster) configure() error {
	file, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, `
listen_addresses = ''
unix_socket_directories = '%s'
shared_buffers = 64MB
max_connections = 200
log_min_messages = fatal
wal_level = replica
max_wal_senders = 4
`, c.Directory)
	return errors.Join(err, file.Close())
}

// findPrograms gives the directory of the newest server's programs.
func findPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
				return filepath.Dir(path), nil
			}
		}
	}
	// Debian has a separate directory for each version, and none of them is on the PATH.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", ErrMissing
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path)))) // else 0: the oldest
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// unprivileged is the user that a cluster belongs to if tests run as root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

func (c *Cluster) data() string { return filepath.Join(c.Directory, "data") }
func (c *Cluster) log() string  { return filepath.Join(c.Directory, "log") }

func (c *Cluster) command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.programs, program), arguments...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + c.programs + ":/usr/bin:/bin", "LC_ALL=C", "PGHOST=" + c.Directory,
		"PGUSER=" + Superuser}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	return cmd
}

// run runs one of PostgreSQL's programs to its end.
func (c *Cluster) run(ctx context.Context, program string, arguments ...string) error {
	if output, err := c.command(ctx, program, arguments...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, output)
	}
	return nil
}

// Start starts the server and waits until it serves. It also works after a Kill.
func (c *Cluster) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := c.startOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Processes of a killed server may run for another moment, and hold what it shared.
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

func (c *Cluster) startOnce(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process != nil {
		return errors.New("the server runs already")
	}
	fsync := "off"
	if c.Durable {
		fsync = "on"
	}
	cmd := c.command(context.WithoutCancel(ctx), "postgres", "-D", c.data(), "-k", c.Directory, "-c", "fsync="+fsync)
	// Killing the tests ends the server, but a signal from the terminal does not reach it.
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = syscall.SIGQUIT, true
	log, err := os.OpenFile(c.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	ended := make(chan struct{})
	started := make(chan error, 1)
	go func() {
		// The signal comes when the thread that started the process ends, so the thread is kept.
		lockThread()
		started <- cmd.Start()
		if cmd.Process != nil {
			_ = cmd.Wait() // however it ended, it has
		}
		_ = log.Close()
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			c.process, c.ended = cmd, ended
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(c.log()) // better than nothing
			return fmt.Errorf("the server did not start:\n%s", bytes.TrimSpace(text[max(0, len(text)-2000):]))
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGQUIT)
			<-ended
			return fmt.Errorf("the server did not start in time: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop ends the server in good order, Kill as if the machine lost its power.
func (c *Cluster) Stop() { c.end(syscall.SIGINT) }

// Kill ends all processes of the server at once.
func (c *Cluster) Kill() { c.end(syscall.SIGKILL) }

func (c *Cluster) end(signal syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.process == nil {
		return
	}
	var children []int
	if signal == syscall.SIGKILL {
		children = childrenOf(c.process.Process.Pid)
	}
	_ = c.process.Process.Signal(signal) // it may have ended by itself
	for _, child := range children {
		_ = syscall.Kill(child, signal) // likewise
	}
	<-c.ended
	c.process = nil
}

// childrenOf returns the processes that a process started.
func childrenOf(parent int) (children []int) {
	found, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		// "PID (NAME) STATE PARENT ..."; a name may hold anything.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				children = append(children, pid)
			}
		}
	}
	return children
}

// Remove ends the server and removes all its files.
func (c *Cluster) Remove() error {
	c.end(syscall.SIGQUIT)
	err := os.RemoveAll(c.Directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// URL returns the URL of a database of the cluster.
func (c *Cluster) URL(database string) string {
	return "postgres:///" + database + "?" +
		url.Values{"host": {c.Directory}, "user": {Superuser}, "sslmode": {"disable"}}.Encode()
}

// Exec runs statements as the superuser.
func (c *Cluster) Exec(ctx context.Context, database string, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.URL(database))
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err = conn.Exec(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// Create makes a database, as a copy of another one if one is named, else empty. It
// gives its name.
func (c *Cluster) Create(ctx context.Context, template string) (string, error) {
	c.mu.Lock()
	c.serial++
	name := fmt.Sprintf("test%d_%d", os.Getpid(), c.serial)
	c.mu.Unlock()
	if template != "" {
		return name, c.Exec(ctx, "postgres", "CREATE DATABASE "+name+" TEMPLATE "+template)
	}
	return name, c.Exec(ctx, "postgres", "CREATE DATABASE "+name)
}

// Template makes a database that others can be made as copies of, unless there is one
// with the name already, also of another program; fill has to leave nothing connected.
func (c *Cluster) Template(ctx context.Context, name string, fill func(url string) error) (err error) {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }() // and gives the lock back
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return err
	}
	var there bool
	row := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)`, name)
	if err := row.Scan(&there); err != nil || there {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return err
	}
	if err := fill(c.URL(name)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+" IS_TEMPLATE true")
	return err
}

// Fresh makes an empty database and gives its URL.
func (c *Cluster) Fresh(ctx context.Context) (string, error) {
	name, err := c.Create(ctx, "")
	return c.URL(name), err
}

// AddUser adds a user who needs a password, and owns nothing.
func (c *Cluster) AddUser(ctx context.Context, name, password string) error {
	quoted := strings.ReplaceAll(password, "'", "''")
	if err := c.Exec(ctx, "postgres", fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s'`, name, quoted)); err != nil {
		return err
	}
	// The first line that fits decides.
	path := filepath.Join(c.data(), "pg_hba.conf")
	rules, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append([]byte("local all "+name+" scram-sha-256\n"), rules...), 0o600)
	}
	if err != nil {
		return err
	}
	if err := c.Exec(ctx, "postgres", `SELECT pg_reload_conf()`); err != nil {
		return err
	}
	for { // it takes effect a moment later
		conn, err := pgx.Connect(ctx, strings.Replace(c.URL("postgres"), "user="+Superuser, "user="+name, 1))
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
			return nil
		case err != nil:
			return err
		}
		if err := conn.Close(ctx); err != nil {
			return err
		}
	}
}
