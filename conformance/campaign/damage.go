package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// damagedDevice is a device whose directory was damaged while nothing ran.
type damagedDevice struct {
	evidence
	announced bool // a state flag, an event or a status told of it
	// kept tells that the books were not damaged: counters and witness are whole,
	// so that the device must know to the unit what it lost.
	kept bool
}

// State flags that announce trouble with the storage (LTS_StateFlag).
const (
	stateStorageDegraded  = 32
	stateStorageRecovered = 64
)

// damage is a way to damage a data directory.
type damage struct {
	name    string
	pattern string // of the file
	kept    bool
	// do takes the text of the file and gives what is left of it; nil removes it.
	do func(*rand.Rand, []byte) []byte
}

var damages = []damage{
	{"ledger cut", "ledger.db", true, cutOff},
	{"ledger's pages overwritten", "ledger.db", true, overwritePages},
	{"ledger's header overwritten", "ledger.db", true, overwriteHeader},
	{"ledger emptied", "ledger.db", true, empty},
	{"ledger removed", "ledger.db", true, remove},
	{"ledger's log cut", "ledger.db-wal", true, cutOff},
	{"ledger's log overwritten", "ledger.db-wal", true, overwritePages},
	{"ledger's log removed", "ledger.db-wal", true, remove},
	{"ledger's index overwritten", "ledger.db-shm", true, overwritePages},
	{"ledger replaced by an older copy", "ledger.db*", true, nil}, // see restore
	{"witness cut", "ledger.account", false, cutOff},
	{"witness overwritten", "ledger.account", false, overwritePages},
	{"witness removed", "ledger.account", false, remove},
	{"tally cut", "*.tally", false, cutOff},
	{"tally emptied", "*.tally", false, empty},
	{"tally's header overwritten", "*.tally", false, overwriteHeader},
	{"tally removed", "*.tally", false, remove},
}

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

// inflict damages one file of a data directory; older is a copy of its ledger. It
// answers nil if there is no file of the kind that was chosen.
func inflict(random *rand.Rand, directory string, older map[string][]byte) (*damage, error) {
	chosen := damages[random.IntN(len(damages))]
	if chosen.do == nil {
		return &chosen, restore(directory, chosen.pattern, older)
	}
	files, err := filepath.Glob(filepath.Join(directory, chosen.pattern))
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
	if left := chosen.do(random, text); left != nil {
		return &chosen, os.WriteFile(file, left, 0o600)
	}
	return &chosen, os.Remove(file)
}

// ledgerFiles reads the files of a ledger that nobody uses.
func ledgerFiles(directory string) (map[string][]byte, error) {
	texts := map[string][]byte{}
	for _, name := range []string{"ledger.db", "ledger.db-wal"} {
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
	files, err := filepath.Glob(filepath.Join(directory, pattern))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for name, text := range older {
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// damageDevices lets clients die on devices of their own, damages a file of
// each, and lets other clients go on with what is left.
func (c *campaign) damageDevices(ctx context.Context, random *rand.Rand) ([]damagedDevice, error) {
	var damaged []damagedDevice
	for len(damaged) < c.Damage && ctx.Err() == nil {
		d := c.newDevice(fmt.Sprintf("damaged-%d", len(damaged)+1))
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
		var inflicted *damage
		for inflicted == nil {
			var err error
			if inflicted, err = inflict(random, d.directory, older); err != nil {
				return nil, err
			}
		}
		c.note("%s: %s", d.name, inflicted.name)
		c.faults.add(fileDamaged, 1)
		d.name += ", " + inflicted.name
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
		told := d.told > 0 || d.flags&(stateStorageDegraded|stateStorageRecovered) != 0
		damaged = append(damaged, damagedDevice{e, told, inflicted.kept})
	}
	return damaged, ctx.Err()
}

// runBriefly lets a client work for a while, and kills it or lets it close.
func (c *campaign) runBriefly(d *device, random *rand.Rand, kill bool, damaged int) error {
	s := c.randomSettings(random)
	s.python, s.main, s.threads, s.milliseconds, s.damaged = false, c.proxy.URLs[0], 1+random.IntN(3), 300+random.IntN(1500), damaged
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
