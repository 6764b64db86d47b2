package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// campaign is a run of real clients and servers under faults.
type campaign struct {
	options
	*laboratory
	proxy  *proxy
	nobody string // an address that refuses connections

	mu         sync.Mutex // guards what follows
	devices    []*device  // that get clients now
	all        []*device
	living     map[*client]bool
	clients    int // that ended
	licenses   int64
	operations int64 // acknowledged
	replayed   int   // old reports sent again in the end
	serverSays serverBooks
}

// mainRefuses is counted for each client whose main server refuses connections.
const mainRefuses fault = "main server refuses connections"

func runCampaign(ctx context.Context, o options) (*campaign, error) {
	l, err := newLaboratory(ctx, o)
	c := &campaign{options: o, laboratory: l, living: map[*client]bool{}}
	if err != nil {
		return c, err
	}
	if err := l.installation.start(); err != nil {
		return c, err
	}
	if c.proxy, err = startProxy(2, newRandom(o.Seed, 1), &l.faults, l.installation.running); err != nil {
		return c, err
	}
	defer c.proxy.close()
	release, err := c.reserveNobody()
	if err != nil {
		return c, err
	}
	defer release()
	if l.python == "" {
		fmt.Fprintf(os.Stderr, "There are no clients in Python: neither %s nor python3 was found.\n", pythonFile)
	}
	for range o.Devices {
		if err := c.addDevice(newRandom(o.Seed, uint64(2+len(c.all))), -1); err != nil {
			return c, err
		}
	}

	disturbed, calm := context.WithTimeout(ctx, o.MaxTime)
	defer calm()
	var working sync.WaitGroup
	for i := range o.Clients {
		working.Go(func() { c.keepClient(disturbed, newRandom(o.Seed, uint64(100+i))) })
	}
	working.Go(func() { c.showProgress(disturbed) })
	c.disturb(disturbed, newRandom(o.Seed, 50))
	calm()
	c.proxy.weather.Store(&weather{})
	if ctx.Err() != nil {
		c.signalAll(syscall.SIGKILL)
	}
	working.Wait()
	if ctx.Err() != nil {
		return c, ctx.Err()
	}
	damaged, err := c.damageDevices(ctx, newRandom(o.Seed, 60))
	if err != nil {
		return c, err
	}
	return c, c.conclude(ctx, damaged)
}

// reserveNobody takes a port at which nobody listens, nor can.
func (c *campaign) reserveNobody() (release func(), err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	release = func() { _ = unix.Close(socket) }
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		release()
		return nil, err
	}
	name, err := unix.Getsockname(socket)
	if err != nil {
		release()
		return nil, err
	}
	if address, ok := name.(*unix.SockaddrInet4); ok {
		c.nobody = fmt.Sprintf("http://127.0.0.1:%d", address.Port)
	}
	return release, nil
}

// addDevice begins a new device, at the place of one that rests from now on. Of
// three, one goes by the machine's clock, and two by one of their own, which is set for
// half of them, while for the others time passes. Half of the devices
// have a directory with an odd name, and on half of them others hold the ledger's
// lock for long, or the clients have few descriptors.
func (c *campaign) addDevice(random *rand.Rand, place int) (err error) {
	number := len(c.all)
	d := c.newDevice(fmt.Sprintf("device-%d", number+1))
	d.limit = 10 + random.IntN(60)
	d.trouble = number%4 == 1 || number%4 == 2
	if number%2 == 0 {
		d.rename(number / 2)
		c.faults.add(oddDirectory, 1)
	}
	// A library with a mistake is built without a clock to be set.
	if reach := []int64{0, nearReach, farReach}[number%3]; reach > 0 && !c.mistake.inLibrary() {
		if d.clock, err = newDeviceClock(filepath.Join(c.directory, "devices", fmt.Sprintf("%d.clock", number+1)),
			reach, number%4 < 2); err != nil {
			return err
		}
	}
	c.all = append(c.all, d)
	if place < 0 {
		c.devices = append(c.devices, d)
	} else {
		c.devices[place] = d
	}
	return nil
}

// chooseDevice picks a device for the next client.
func (c *campaign) chooseDevice(random *rand.Rand) (*device, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place := random.IntN(len(c.devices))
	if d := c.devices[place]; d.started >= d.limit {
		if err := c.addDevice(random, place); err != nil {
			return nil, err
		}
	}
	d := c.devices[place]
	d.started++
	return d, nil
}

// keepClient keeps one client running, one after the other, until ctx ends.
func (c *campaign) keepClient(ctx context.Context, random *rand.Rand) {
	for ctx.Err() == nil {
		s := c.randomSettings(random)
		var running *client
		d, err := c.chooseDevice(random)
		if err == nil {
			c.addHabits(random, d, &s)
			running, err = c.startClient(d, s)
		}
		if err != nil {
			c.report(violation{Kind: kindMisbehaved, Text: fmt.Sprintf("a client can't be started: %v", err)})
			return
		}
		c.mu.Lock()
		c.living[running] = true
		c.mu.Unlock()
		if s.main == c.nobody {
			c.faults.add(mainRefuses, 1)
		}
		c.took(running.wait(time.Duration(s.milliseconds) * time.Millisecond))
		c.mu.Lock()
		delete(c.living, running)
		c.mu.Unlock()
	}
}

// took adds what a client did to the sums that are shown.
func (c *campaign) took(b books) {
	c.faults.add(clientForked, b.Forks)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients++
	c.licenses += b.Opened
	c.operations += b.all().Acked
}

// controlBuffer is how many operations the clients of the negative control hold back.
const controlBuffer = 8

func (c *campaign) randomSettings(random *rand.Rand) settings {
	s := settings{mode: "run", code: codes[random.IntN(len(codes))], seed: random.Uint64(), threads: random.IntN(4),
		milliseconds: 100 + random.IntN(3500), end: "close", resubmit: random.IntN(2),
		python: c.python != "" && random.IntN(4) == 0, main: c.proxy.URLs[0], standby: c.proxy.URLs[1]}
	if random.IntN(3) == 0 {
		s.end = "exit"
	}
	if random.IntN(2) == 0 {
		s.main, s.standby = s.standby, s.main
	}
	switch random.IntN(10) {
	case 0:
		s.main = c.nobody
	case 1, 2, 3:
		s.standby = ""
	}
	if c.mistake == heldBack {
		s.buffer = controlBuffer
	}
	return s
}

// addHabits chooses what a client does besides recording.
func (c *campaign) addHabits(random *rand.Rand, d *device, s *settings) {
	// Any process may keep others from the ledger for seconds, when the disk stands still.
	s.trouble = d.trouble || !c.Strict
	if s.python || c.mistake == heldBack {
		return
	}
	if random.IntN(4) == 0 {
		const shortest, longest = 500, 1e6 // microseconds
		s.reader = int(shortest * math.Pow(longest/shortest, random.Float64()))
		c.faults.add(fileReader, 1)
	}
	if random.IntN(4) == 0 {
		s.copy = true
		c.faults.add(twoCopies, 1)
	}
	if d.trouble && random.IntN(4) == 0 {
		s.descriptors = 48 + random.IntN(80)
		c.faults.add(fewFiles, 1)
	}
}

// conclude settles all devices with nothing disturbed, and judges.
func (c *campaign) conclude(ctx context.Context, damaged []damagedDevice) error {
	devices := c.settleAll(ctx, c.all, c.proxy.URLs[0])
	var err error
	if c.replayed, err = c.proxy.replayKept(); err != nil {
		return fmt.Errorf("sending old reports again: %w", err)
	}
	if c.serverSays, err = c.installation.books(); err != nil {
		return err
	}
	for i := range devices {
		if devices[i].Library.Device == "" {
			continue // not settled, and reported
		}
		devices[i].Server = c.serverSays.of(devices[i].Library.Device)
		c.report(judgeDevice(devices[i])...)
	}
	former := map[string]string{}
	for _, d := range damaged {
		if d.Library.Device == "" {
			continue // not settled, and reported
		}
		d.Server = c.serverSays.of(append(d.former, d.Library.Device)...)
		for _, uuid := range d.former {
			former[uuid] = d.Device
		}
		c.report(judgeDamaged(d)...)
		devices = append(devices, d.evidence)
	}
	c.report(judgeServer(c.serverSays, devices, former, len(damaged) > 0)...)
	if n := c.proxy.strayed.Load(); n > 0 {
		c.report(violation{Kind: kindMisbehaved, Text: fmt.Sprintf("%d requests followed a redirect", n)})
	}
	if err := c.installation.stop(); err != nil {
		c.report(violation{Kind: kindMisbehaved, Text: err.Error()})
	}
	return nil
}

// showProgress prints a line every few seconds.
func (c *campaign) showProgress(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Second):
		}
		c.mu.Lock()
		clients, operations, devices := c.clients, c.operations, len(c.all)
		c.mu.Unlock()
		fmt.Fprintf(os.Stderr, "%5.0f s  %5d faults  %5d kills  %4d server restarts  %s%5d clients  %3d devices  %6d "+
			"batches  %9d operations\n",
			time.Since(c.began).Seconds(), c.faults.sum(), c.faults.of(clientKilled, familyKilled, holderKilled),
			c.faults.of(serverKilled, serverRestart),
			c.databaseRestarts(), clients, devices, c.proxy.reports(), operations)
	}
}

// databaseRestarts says how often the database was started anew, if it has a server.
func (c *campaign) databaseRestarts() string {
	if c.installation.database == nil {
		return ""
	}
	return fmt.Sprintf("%4d database restarts  ", c.faults.of(databaseKilled, databaseRestart))
}
