package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// laboratory is a working directory with copies of what is tested (a build in
// the meantime changes nothing), servers, and devices.
type laboratory struct {
	directory    string
	bin          string // its part with the programs and libraries
	python       string // "" if there is no interpreter
	environment  []string
	installation *installation
	faults       faultCount

	mu         sync.Mutex // guards what follows
	violations []violation
	books      int // clients that got books
	began      time.Time
	journal    *os.File
}

// Where the parts are, from the root of the repository; build/campaign builds
// them.
const (
	ltsFile     = "out/bin/lts"
	clientFile  = "out/bin/campaign-client"
	libraryFile = "out/lib/libopenlts.so.0"
	pythonFile  = "out/venv/bin/python"
	bindingTree = "bindings/python/src"
	scriptFile  = "conformance/campaign/client/client.py"
	// The same with the test build of the library, in which the clock can be set.
	testkitClientFile  = "out/bin/campaign-client-testkit"
	testkitLibraryFile = "out/lib/libopenlts-testkit.so.0"
)

func newLaboratory(ctx context.Context, o options) (*laboratory, error) {
	directory, err := os.MkdirTemp("", "openlts-campaign-")
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(directory, "bin")
	l := &laboratory{directory: directory, bin: bin, began: time.Now(),
		environment: []string{"LD_LIBRARY_PATH=" + bin, "PYTHONPATH=" + filepath.Join(directory, "python"),
			"PYTHONDONTWRITEBYTECODE=1"}}
	for _, name := range []string{"bin", "bin/copy", "books", "logs", "devices"} {
		if err := os.Mkdir(filepath.Join(directory, name), 0o700); err != nil {
			return nil, err
		}
	}
	library := libraryFile
	if o.mistake.inLibrary() {
		library = filepath.Join(o.mistake.libraries, filepath.Base(libraryFile))
	}
	copies := filepath.Join(bin, "copy")
	for _, each := range []struct{ file, to string }{{ltsFile, bin}, {clientFile, bin}, {library, bin}, {
		testkitClientFile, bin,
	},
		{testkitLibraryFile, bin}, {scriptFile, bin}, {library, copies}, {testkitLibraryFile, copies}} {
		if err := copyFile(each.file, each.to); err != nil {
			return nil, fmt.Errorf("%w (build/campaign builds what is needed)", err)
		}
	}
	if err := os.CopyFS(filepath.Join(directory, "python"), os.DirFS(bindingTree)); err != nil {
		return nil, err
	}
	// The binding needs nothing but an interpreter.
	for _, name := range []string{pythonFile, "python3"} {
		if path, err := exec.LookPath(name); err == nil && l.python == "" {
			if l.python, err = filepath.Abs(path); err != nil {
				return nil, err
			}
		}
	}
	if l.journal, err = os.Create(filepath.Join(directory, "journal.txt")); err != nil {
		return nil, err
	}
	l.installation = &installation{program: filepath.Join(bin, filepath.Base(ltsFile)),
		logs:     filepath.Join(directory, "logs"),
		location: []string{"--data", filepath.Join(directory, "server")}}
	if o.Database == postgresDatabase {
		if err := l.installation.makeDatabase(ctx); err != nil {
			return l, err
		}
	}
	return l, l.installation.setUp(o.Servers)
}

func copyFile(file, directory string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, filepath.Base(file)), text, info.Mode().Perm())
}

// note writes a line into the journal, for those who look for a cause.
func (l *laboratory) note(format string, arguments ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.journal, "%9.3f ", time.Since(l.began).Seconds())
	_, _ = fmt.Fprintf(l.journal, format+"\n", arguments...)
}

// report keeps violations, and shows them at once.
func (l *laboratory) report(found ...violation) {
	for _, v := range found {
		l.note("%s", v)
		fmt.Fprintln(os.Stderr, v)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violations = append(l.violations, found...)
}

func (l *laboratory) found() []violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.violations
}

// device is a data directory with what its clients said of it.
type device struct {
	name      string
	directory string
	clock     *deviceClock // nil: the machine's
	trouble   bool         // its ledger may be out of reach for a while

	mu      sync.Mutex // guards what follows
	started int        // clients
	limit   int        // clients, before the device rests
	claimed map[account]bounds
	flags   uint32 // state flags that were ever seen
	told    int64  // errors of the storage that were announced
	uuids   map[string]bool
}

func (l *laboratory) newDevice(name string) *device {
	return &device{name: name, directory: filepath.Join(l.directory, "devices", name), claimed: map[account]bounds{},
		uuids: map[string]bool{}}
}

// rename gives a device's directory an odd name.
func (d *device) rename(number int) { d.directory = oddPath(d.directory, number) }

// client is a family at work on a device.
type client struct {
	*family
	laboratory *laboratory
	device     *device
	code       string
	books      string
}

// settings of a client; see client/client.c.
type settings struct {
	mode         string
	python       bool
	main         string
	standby      string
	code         string
	seed         uint64
	threads      int
	milliseconds int
	end          string
	resubmit     int
	buffer       int
	damaged      int
	copy         bool // with a second copy of the library
	reader       int  // microseconds between two readings of all files; 0: never
	descriptors  int  // how many there may be; 0: as usual
	trouble      bool // the ledger may be out of reach for a while
}

func (l *laboratory) startClient(d *device, s settings) (*client, error) {
	l.mu.Lock()
	l.books++
	number := l.books
	l.mu.Unlock()
	c := &client{laboratory: l, device: d, code: s.code, books: filepath.Join(l.directory, "books", fmt.Sprint(number))}
	arguments := []string{"mode=" + s.mode, "main=" + s.main, "code=" + s.code, "data=" + d.directory,
		"counters=" + c.books,
		fmt.Sprintf("seed=%d", s.seed>>1), fmt.Sprintf("threads=%d", s.threads),
		fmt.Sprintf("milliseconds=%d", s.milliseconds),
		"end=" + s.end, fmt.Sprintf("resubmit=%d", s.resubmit), fmt.Sprintf("buffer=%d", s.buffer),
		fmt.Sprintf("damaged=%d", s.damaged)}
	if s.standby != "" {
		arguments = append(arguments, "standby="+s.standby)
	}
	program, library := clientFile, libraryFile
	if d.clock != nil {
		program, library = testkitClientFile, testkitLibraryFile
		arguments = append(arguments, "clock="+d.clock.path)
		if d.clock.steps {
			arguments = append(arguments, "steps=1")
		}
	}
	if d.clock.far() {
		arguments = append(arguments, "far=1")
	}
	if s.copy {
		arguments = append(arguments, "copy="+filepath.Join(l.bin, "copy", filepath.Base(library)))
	}
	if s.trouble {
		arguments = append(arguments, "trouble=1")
	}
	if s.reader > 0 {
		arguments = append(arguments, fmt.Sprintf("reader=%d", s.reader))
	}
	if s.descriptors > 0 {
		arguments = append(arguments, fmt.Sprintf("descriptors=%d", s.descriptors))
	}
	program = filepath.Join(l.bin, filepath.Base(program))
	if s.python {
		program = l.python
		// A warning of the interpreter that forking with threads is dangerous is right, and the point.
		arguments = append([]string{"-W", "ignore", filepath.Join(l.bin, filepath.Base(scriptFile)),
			"library=" + filepath.Join(l.bin, filepath.Base(library))}, arguments...)
	}
	var err error
	if c.family, err = startFamily(l.environment, program, arguments...); err != nil {
		return nil, err
	}
	l.note("%s: client %d starts: pid %d, %+v", d.name, number, c.command.Process.Pid, s)
	return c, nil
}

// hangs is how much longer than it should a client may take.
const hangs = 90 * time.Second

// wait waits for the end of a client and takes its books over into those of its
// device. A client that does not come to an end is a violation.
func (c *client) wait(allowed time.Duration) books {
	select {
	case <-c.ended:
	case <-time.After(allowed + hangs):
		c.laboratory.report(violation{kindMisbehaved, c.device.name, c.device.directory,
			fmt.Sprintf("the client with pid %d has not ended %s after its time", c.command.Process.Pid, hangs)})
		c.signal(syscall.SIGKILL, true)
		<-c.ended
	}
	b, err := readBooks(c.books)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // killed before it could make them
		c.laboratory.report(violation{kindMisbehaved, c.device.name, c.device.directory, err.Error()})
	}
	c.device.mu.Lock()
	c.device.flags |= b.StateFlags
	c.device.told += b.Announced
	for line := range strings.Lines(c.stdout.String()) {
		if id, err := uuid.Parse(strings.TrimSpace(line)); err == nil {
			c.device.uuids[id.String()] = true
		}
	}
	for i, t := range b.Types {
		if t != (bounds{}) {
			a := account{c.code, typeNames[i]}
			c.device.claimed[a] = c.device.claimed[a].plus(t)
		}
	}
	c.device.mu.Unlock()
	c.laboratory.note("%s: client %s ended: pid %d, %v, killed %t, %+v", c.device.name, filepath.Base(c.books),
		c.command.Process.Pid, c.err, c.wasKilled(), b)
	if what := c.misbehaved(); what != "" {
		c.laboratory.report(violation{kindMisbehaved, c.device.name, c.device.directory, what})
	}
	_ = os.Remove(c.books) // the journal has it
	return b
}

// settle lets one more client submit all that is left of a device, and gathers
// what is known of it, but for the server's books.
func (l *laboratory) settle(d *device, main string, damaged int) (evidence, error) {
	const allowed = 2 * time.Minute
	c, err := l.startClient(d, settings{
		mode: "settle", main: main, code: codes[0], milliseconds: int(allowed / time.Millisecond), damaged: damaged,
	})
	if err != nil {
		return evidence{}, err
	}
	c.wait(allowed)
	e := evidence{Device: d.name, Directory: d.directory, Far: d.clock.far(), Clients: d.claimed}
	said := bytes.TrimSpace(c.stdout.Bytes())
	if err := json.Unmarshal(said[bytes.LastIndexByte(said, '\n')+1:], &e.Library); err != nil {
		return e, fmt.Errorf("%s can't be settled: %s; it printed %q", d.name, c.command.ProcessState, c.stdout.Bytes())
	}
	return e, nil
}

// settleAll settles devices, two at a time.
func (l *laboratory) settleAll(ctx context.Context, devices []*device, main string) []evidence {
	settled := make([]evidence, len(devices))
	var working sync.WaitGroup
	turns := make(chan struct{}, 2)
	for i, d := range devices {
		working.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if ctx.Err() != nil {
				return
			}
			e, err := l.settle(d, main, 0)
			if err != nil {
				l.report(violation{kindUnsettled, d.name, d.directory, err.Error()})
			}
			settled[i] = e
		})
	}
	working.Wait()
	return settled
}

// close ends the servers and removes the directory, unless it is to be kept.
func (l *laboratory) close(keep bool) {
	if l.installation != nil {
		for _, s := range l.installation.servers {
			s.kill()
		}
		l.installation.closeDatabase(keep)
	}
	if l.journal != nil {
		_ = l.journal.Close()
	}
	if keep {
		fmt.Fprintln(os.Stderr, "kept:", l.directory)
		return
	}
	_ = os.RemoveAll(l.directory)
}

// newRandom is a stream of chance of its own for each part of a campaign.
func newRandom(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }
