package main

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"sync/atomic"
)

// deviceClock is a device's clock that is set wrong, again and again, while its
// clients work: they use the test build of the library, and follow it. It is a
// file with the number of seconds by which it is ahead of the machine's clock, in
// the machine's byte order, which the clients map.
type deviceClock struct {
	path  string
	reach int64 // how far it goes, forward and back, in seconds
	steps bool  // it is set; otherwise time passes, as in a sleep of the machine
	ahead atomic.Int64
}

const (
	hour = 60 * 60
	day  = 24 * hour
)

const (
	// nearReach is so short that nothing gets 30 days old: the clients' own time
	// stamps go 20 days back.
	nearReach = 4 * day
	// farReach is so long that reports are given up as too old.
	farReach = 60 * day
)

func newDeviceClock(path string, reach int64, steps bool) (*deviceClock, error) {
	return &deviceClock{path: path, reach: reach, steps: steps}, os.WriteFile(path, make([]byte, 8), 0o600)
}

// far tells whether the clock goes so far that reports may be given up.
func (c *deviceClock) far() bool { return c != nil && c.reach > nearReach }

// set sets the clock by a little or by a lot, and answers by how much.
func (c *deviceClock) set(random *rand.Rand) (by int64, err error) {
	before := c.ahead.Load()
	lengths := []int64{3, 5 * 60, 5 * hour, c.reach}
	length := lengths[random.IntN(len(lengths))]
	after := max(-c.reach, min(c.reach, before+random.Int64N(2*length+1)-length))
	c.ahead.Store(after)
	file, err := os.OpenFile(c.path, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(after)), 0)
	return after - before, err
}
