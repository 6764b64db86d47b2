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
	announced bool // a state flag, an event or a status told of it, or nothing could
}

// State flags that announce trouble with the storage (LTS_StateFlag).
const (
	stateStorageDegraded  = 32
	stateStorageRecovered = 64
)

// damages are the ways to damage a data directory. Each takes the text of a file
// and gives what is left of it; nil removes the file.
var damages = []struct {
	name    string
	pattern string // of the file
	// silent damage can't be noticed by the library: a write-ahead log that is
	// cut looks like one whose last transactions were never committed, and a
	// file that is gone like one that never was.
	silent bool
	do     func(*rand.Rand, []byte) []byte
}{
	{"ledger cut", "ledger.db", false, cutOff},
	{"ledger's pages overwritten", "ledger.db", false, overwritePages},
	{"ledger's header overwritten", "ledger.db", false, overwriteHeader},
	{"ledger emptied", "ledger.db", true, empty},
	{"ledger removed", "ledger.db", true, remove},
	{"ledger's log cut", "ledger.db-wal", true, cutOff},
	{"ledger's log overwritten", "ledger.db-wal", true, overwritePages},
	{"ledger's log removed", "ledger.db-wal", true, remove},
	{"ledger's index overwritten", "ledger.db-shm", false, overwritePages},
	{"tally cut", "*.tally", false, cutOff},
	{"tally emptied", "*.tally", false, empty},
	{"tally's header overwritten", "*.tally", false, overwriteHeader},
	{"tally removed", "*.tally", true, remove},
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

// inflict damages one file of a data directory. It answers "" if there is none
// of that kind.
func inflict(random *rand.Rand, directory string) (what string, silent bool, err error) {
	damage := damages[random.IntN(len(damages))]
	files, err := filepath.Glob(filepath.Join(directory, damage.pattern))
	if err != nil || len(files) == 0 {
		return "", false, err
	}
	file := files[random.IntN(len(files))]
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || len(text) == 0 {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	what = fmt.Sprintf("%s (%s)", damage.name, filepath.Base(file))
	if left := damage.do(random, text); left != nil {
		return what, damage.silent, os.WriteFile(file, left, 0o600)
	}
	return what, damage.silent, os.Remove(file)
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
		for range 1 + random.IntN(3) {
			if err := c.runBriefly(d, random, true, 0); err != nil {
				return nil, err
			}
		}
		c.proxy.weather.Store(&weather{})
		what, silent := "", false
		for what == "" {
			var err error
			if what, silent, err = inflict(random, d.directory); err != nil {
				return nil, err
			}
		}
		c.note("%s: %s", d.name, what)
		c.faults.add(fileDamaged, 1)
		d.name += ", " + what
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
		damaged = append(damaged, damagedDevice{e, silent || d.told > 0 || d.flags&(stateStorageDegraded|stateStorageRecovered) != 0})
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
