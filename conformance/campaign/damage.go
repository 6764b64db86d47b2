package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3" // to make copies of ledgers
)

// damagedDevice is a device whose directory was damaged, while nothing ran or under
// clients at work.
type damagedDevice struct {
	evidence
	announced bool // a state flag, an event or a status told of it
	// kept tells that the books were not damaged: counters and witness are whole,
	// so that the device must know to the unit what it lost.
	kept   bool
	former []string // UUIDs that it had before
}

// State flags that announce trouble with the storage (LTS_StateFlag).
const (
	stateStorageDegraded  = 32
	stateStorageRecovered = 64
)

// effect is what a damage leaves.
type effect struct {
	name  string
	kept  bool // the books are whole
	blind bool // nothing is left that could tell of it
}

// damage is a way to damage a data directory at rest.
type damage struct {
	effect
	pattern string // of the file
	// do takes the text of the file and gives what is left of it; nil removes it.
	do func(*rand.Rand, []byte) []byte
}

// liveDamage is what befalls the directory of clients at work: people, cleaners and
// backups remove and replace files. (What is written into files that others have
// mapped ends them, and nobody can do anything about it.)
type liveDamage struct {
	effect
	do func(directory string, older map[string][]byte) error
}

// removed is a live damage: files that are removed.
func removed(name, pattern string, kept bool) liveDamage {
	return liveDamage{effect{
		name: name + " removed in use", kept: kept,
	}, func(directory string, _ map[string][]byte) error {
		return removeAll(directory, pattern)
	}}
}

// again is a live damage: files that are removed whenever they come back.
func again(name, pattern string, kept bool) liveDamage {
	return liveDamage{effect{
		name: name + " removed in use, again and again", kept: kept,
	}, func(directory string, _ map[string][]byte) error {
		for range 100 {
			if err := removeAll(directory, pattern); err != nil {
				return err
			}
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}}
}

var liveDamages = []liveDamage{
	removed("ledger", "ledger.db", true),
	removed("ledger and its journal", "ledger.db*", true),
	removed("ledger's journal", "ledger.db-journal", true),
	removed("ledger's lock", ledgerLock, true),
	again("ledger's lock", ledgerLock, true),
	again("ledger's journal", journal, true),
	removed("identity", "device.json", true),
	removed("witness", "ledger.account", false),
	removed("tallies", "*.tally", false),
	{effect{name: "ledger replaced in use by an older copy", kept: true}, restoreInUse},
	{effect{name: "everything removed in use", blind: true}, func(directory string, _ map[string][]byte) error {
		return removeAll(directory, "*")
	}},
	{effect{name: "directory moved away in use", blind: true}, func(directory string, _ map[string][]byte) error {
		if err := os.Rename(directory, directory+".moved"); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}},
}

// matching are the files of a directory whose names match a pattern. That of the
// directory may be any.
func matching(directory, pattern string) (files []string, err error) {
	entries, err := os.ReadDir(directory)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if ok, _ := filepath.Match(pattern, entry.Name()); ok {
			files = append(files, filepath.Join(directory, entry.Name()))
		}
	}
	return files, nil
}

func removeAll(directory, pattern string) error {
	files, err := matching(directory, pattern)
	for _, file := range files {
		if removed := os.Remove(file); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

var damages = []damage{
	{effect{name: "ledger cut", kept: true}, "ledger.db", cutOff},
	{effect{name: "ledger's pages overwritten", kept: true}, "ledger.db", overwritePages},
	{effect{name: "ledger's header overwritten", kept: true}, "ledger.db", overwriteHeader},
	{effect{name: "ledger emptied", kept: true}, "ledger.db", empty},
	{effect{name: "ledger removed", kept: true}, "ledger.db", remove},
	{effect{name: "ledger's journal cut", kept: true}, journal, cutOff},
	{effect{name: "ledger's journal overwritten", kept: true}, journal, overwritePages},
	{effect{name: "ledger's journal removed", kept: true}, journal, remove},
	{effect{name: "ledger's lock overwritten", kept: true}, ledgerLock, overwriteHeader},
	{effect{name: "ledger's lock removed", kept: true}, ledgerLock, remove},
	{effect{name: "ledger replaced by an older copy", kept: true}, "ledger.db*", nil}, // see restore
	{effect{name: "witness cut", kept: false}, "ledger.account", cutOff},
	{effect{name: "witness overwritten", kept: false}, "ledger.account", overwritePages},
	{effect{name: "witness removed", kept: false}, "ledger.account", remove},
	{effect{name: "tally cut", kept: false}, "*.tally", cutOff},
	{effect{name: "tally emptied", kept: false}, "*.tally", empty},
	{effect{name: "tally's header overwritten", kept: false}, "*.tally", overwriteHeader},
	{effect{name: "tally removed", kept: false}, "*.tally", remove},
}

// journal is the file with which a transaction of the ledger that was cut is taken
// back. It begins with a zero if none was.
const journal = "ledger.db-journal"

func empty(*rand.Rand, []byte) []byte { return []byte{} }

func remove(*rand.Rand, []byte) []byte { return nil }

// cutOff leaves at least a byte, and takes at least one.
func cutOff(random *rand.Rand, text []byte) []byte {
	return text[:min(len(text), 1+random.IntN(max(len(text)-1, 1)))]
}

// overwritePages puts noise over some pages, whole ones: what is within a page
// has no checksum, so that a wrong number in it could be noticed by nobody.
func overwritePages(random *rand.Rand, text []byte) []byte {
	const page = 4096
	for range 1 + random.IntN(4) {
		at := random.IntN((len(text)+page-1)/page) * page
		for i := at; i < min(at+page, len(text)); i++ {
			text[i] = byte(random.IntN(256))
		}
	}
	return text
}

func overwriteHeader(random *rand.Rand, text []byte) []byte {
	for i := range min(len(text), 32) {
		text[i] = byte(random.IntN(256))
	}
	return text
}

// inflict damages one file of a data directory, in one of the ways given; older is a
// copy of its ledger. It answers nil if there is no file of the kind that was chosen.
func inflict(random *rand.Rand, damages []damage, directory string, older map[string][]byte) (*damage, error) {
	chosen := damages[random.IntN(len(damages))]
	if chosen.do == nil {
		return &chosen, restore(directory, chosen.pattern, older)
	}
	files, err := matching(directory, chosen.pattern)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	file := files[random.IntN(len(files))]
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || len(text) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	chosen.name += " (" + filepath.Base(file) + ")"
	if chosen.pattern == journal && text[0] != 0 {
		// Half a transaction is in the ledger, and what would take it back is gone: a
		// database with SQLite's checks passed may hold anything.
		chosen.name += " while it was needed"
		chosen.kept, chosen.blind = false, true
	}
	if left := chosen.do(random, text); left != nil {
		return &chosen, os.WriteFile(file, left, 0o600)
	}
	return &chosen, os.Remove(file)
}

// ledgerFiles reads the files of a ledger that nobody uses.
func ledgerFiles(directory string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, name := range []string{"ledger.db", journal} {
		text, err := os.ReadFile(filepath.Join(directory, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		texts[name] = text
	}
	return texts, nil
}

// restore puts an older copy in the place of a ledger.
func restore(directory, pattern string, older map[string][]byte) error {
	if err := removeAll(directory, pattern); err != nil {
		return err
	}
	for name, text := range older {
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// restoreInUse puts an older copy in the place of a ledger at work, as a careful
// person would: made elsewhere, of one file, and moved there.
func restoreInUse(directory string, older map[string][]byte) error {
	elsewhere, err := os.MkdirTemp("", "openlts-campaign-backup-") // beside the laboratory
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(elsewhere) }()
	file := filepath.Join(elsewhere, "ledger.db")
	if err := restore(elsewhere, "*", older); err != nil {
		return err
	}
	if len(older) == 0 { // there was none yet
		return removeAll(directory, "ledger.db*")
	}
	db, err := sql.Open("sqlite3", file+"?_journal_mode=DELETE") // without a journal
	if err != nil {
		return err
	}
	if err := errors.Join(db.Ping(), db.Close()); err != nil {
		return err
	}
	if err := removeAll(directory, "ledger.db-*"); err != nil {
		return err
	}
	return os.Rename(file, filepath.Join(directory, "ledger.db"))
}

// damageDevices lets clients die on devices of their own, damages a file of
// each, and lets other clients go on with what is left. On every third device
// something befalls the directory while two clients work.
func (c *campaign) damageDevices(ctx context.Context, random *rand.Rand) ([]damagedDevice, error) {
	var damaged []damagedDevice
	if c.Damage == 0 {
		return nil, nil
	}
	only, err := regexp.Compile(c.Only)
	if err != nil {
		return nil, err
	}
	atRest := slices.DeleteFunc(slices.Clone(damages), func(d damage) bool { return !only.MatchString(d.name) })
	inUse := slices.DeleteFunc(slices.Clone(liveDamages), func(d liveDamage) bool { return !only.MatchString(d.name) })
	if len(atRest)+len(inUse) == 0 {
		return nil, fmt.Errorf("no damage has a name that matches %q", c.Only)
	}
	for len(damaged) < c.Damage && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "%5.0f s  %5d faults  %5d of %d devices damaged\n", time.Since(c.began).Seconds(),
			c.faults.sum(), len(damaged), c.Damage)
		d := c.newDevice(fmt.Sprintf("damaged-%d", len(damaged)+1))
		if len(damaged)%2 == 1 {
			d.rename(len(damaged) / 2)
		}
		// So that some reports are still pending, and some pending though the
		// server has them.
		c.proxy.weather.Store(&weather{0.5, []fault{answerDropped, status503}})
		var older map[string][]byte
		for range 2 + random.IntN(2) {
			var err error
			if older, err = ledgerFiles(d.directory); err != nil {
				return nil, err
			}
			if err := c.runBriefly(d, random, true, 0); err != nil {
				return nil, err
			}
		}
		c.proxy.weather.Store(&weather{})
		var damage effect
		if len(inUse) > 0 && (len(damaged)%3 == 2 || len(atRest) == 0) {
			damage, err = c.befall(d, random, inUse, older)
		} else {
			damage, err = c.inflict(d, random, atRest, older)
		}
		if err != nil {
			return nil, err
		}
		c.note("%s: %s", d.name, damage.name)
		d.name += ", " + damage.name
		if _, err := c.settle(d, c.proxy.URLs[0], 1); err != nil {
			c.report(violation{kindUnsettled, d.name, d.directory, err.Error()})
		}
		if err := c.runBriefly(d, random, random.IntN(2) == 0, 1); err != nil {
			return nil, err
		}
		e, err := c.settle(d, c.proxy.URLs[0], 1)
		if err != nil {
			c.report(violation{kindUnsettled, d.name, d.directory, err.Error()})
		}
		told := d.told > 0 || d.flags&(stateStorageDegraded|stateStorageRecovered) != 0 || damage.blind
		delete(d.uuids, e.Library.Device)
		if former := slices.Collect(maps.Keys(d.uuids)); damage.blind || len(former) == 0 {
			damaged = append(damaged, damagedDevice{e, told, damage.kept, former})
		} else {
			c.report(violation{kindDisagreed, d.name, d.directory,
				fmt.Sprintf("the device was %v before it was %s", former, e.Library.Device)})
		}
	}
	return damaged, ctx.Err()
}

// befall damages a device while clients work, and answers how.
func (c *campaign) befall(d *device, random *rand.Rand, ways []liveDamage, older map[string][]byte) (effect, error) {
	chosen := ways[random.IntN(len(ways))]
	var working sync.WaitGroup
	var failures [2]error
	for i := range failures {
		stream := newRandom(random.Uint64(), 0)
		working.Go(func() { failures[i] = c.runBriefly(d, stream, i == 0, 1) })
	}
	time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
	err := chosen.do(d.directory, older)
	working.Wait()
	c.faults.add(fileLost, 1)
	return chosen.effect, errors.Join(err, failures[0], failures[1])
}

// inflict damages a device at rest, and answers how.
func (c *campaign) inflict(d *device, random *rand.Rand, ways []damage, older map[string][]byte) (effect, error) {
	for {
		chosen, err := inflict(random, ways, d.directory, older)
		if err != nil {
			return effect{}, err
		}
		if chosen != nil {
			c.faults.add(fileDamaged, 1)
			return chosen.effect, nil
		}
	}
}

// runBriefly lets a client work for a while, and kills it or lets it close.
func (c *campaign) runBriefly(d *device, random *rand.Rand, kill bool, damaged int) error {
	s := c.randomSettings(random)
	c.addHabits(random, d, &s)
	s.python, s.main, s.threads, s.milliseconds, s.damaged = false, c.proxy.URLs[0], 1+random.IntN(3),
		300+random.IntN(1500), damaged
	running, err := c.startClient(d, s)
	if err != nil {
		return err
	}
	if kill {
		select {
		case <-time.After(time.Duration(random.IntN(s.milliseconds)) * time.Millisecond):
		case <-running.ended:
		}
		if running.signal(syscall.SIGKILL, true) {
			c.faults.add(familyKilled, 1)
		}
	}
	c.took(running.wait(time.Duration(s.milliseconds) * time.Millisecond))
	return nil
}
