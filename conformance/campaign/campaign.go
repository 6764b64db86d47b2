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

// controlBuffer is how many operations the clients of the negative control hold
// back.
const controlBuffer = 8

// disturb injects faults until there were enough, or ctx ends.
func (c *campaign) disturb(ctx context.Context, random *rand.Rand) {
	var working sync.WaitGroup
	defer working.Wait()
	c.changeWeather(random)
	for c.faults.sum() < c.Faults {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(10+random.IntN(150)) * time.Millisecond):
		}
		switch n := random.IntN(100); {
		case n < 28:
			c.hit(random, clientKilled, func(victim *client) bool { return victim.signal(syscall.SIGKILL, false) })
		case n < 45:
			c.hit(random, familyKilled, func(victim *client) bool { return victim.signal(syscall.SIGKILL, true) })
		case n < 55:
			d := time.Duration(random.IntN(1500)) * time.Millisecond
			// With the ledger's lock, perhaps.
			c.hit(random, clientPaused, func(victim *client) bool {
				if victim.device.trouble {
					working.Go(func() { victim.pause(d) })
				}
				return victim.device.trouble
			})
		case n < 62:
			c.killHolder(random)
		case n < 66:
			c.stopHolder(random, &working)
		case n < 69:
			c.holdLock(random, &working)
		case n < 75:
			c.restartOne(ctx, random, serverKilled, databaseKilled)
		case n < 78:
			c.restartOne(ctx, random, serverRestart, databaseRestart)
		case n < 88:
			c.setClock(random)
		case n < 91:
			c.setClockOffline(ctx, random)
		default:
			c.changeWeather(random)
		}
	}
}

// setClock sets the clock of a device on which clients live.
func (c *campaign) setClock(random *rand.Rand) {
	victim := c.choose(random, func(one *client) bool { return one.device.clock != nil })
	if victim == nil {
		return
	}
	by, err := victim.device.clock.set(random)
	kind := clockForward
	switch {
	case err != nil:
		c.report(violation{Kind: kindMisbehaved, Text: err.Error()})
		return
	case by == 0:
		return
	case by < 0:
		kind = clockBack
	}
	c.faults.add(kind, 1)
	c.note("%s: %s: by %d s, %d s ahead", victim.device.name, kind, by, victim.device.clock.ahead.Load())
}

// setClockOffline sets a clock while no server can be reached.
func (c *campaign) setClockOffline(ctx context.Context, random *rand.Rand) {
	c.proxy.weather.Store(&weather{1, []fault{refused, resetEarly}})
	c.note("weather: offline")
	before := c.faults.of(clockBack, clockForward)
	for range 1 + random.IntN(3) {
		c.setClock(random)
		select {
		case <-time.After(time.Duration(100+random.IntN(500)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	c.faults.add(clockOffline, c.faults.of(clockBack, clockForward)-before)
	c.changeWeather(random)
}

// catchHolder stops a client in the middle of a transaction of its ledger.
func (c *campaign) catchHolder(random *rand.Rand, fits func(*client) bool) *client {
	one := c.choose(random, fits)
	if one == nil {
		return nil
	}
	caught := func(pid int) (found *client) {
		return c.choose(random, func(each *client) bool {
			return each.device == one.device && each.command.Process.Pid == pid
		})
	}
	pid := one.device.catch(500*time.Millisecond, func(pid int) bool { return caught(pid) != nil })
	if pid == 0 {
		return nil
	}
	return caught(pid)
}

// killHolder kills a client in the middle of a transaction: whoever comes next finds
// what it has written half.
func (c *campaign) killHolder(random *rand.Rand) {
	victim := c.catchHolder(random, func(one *client) bool { return one.device.trouble })
	if victim != nil && victim.signal(syscall.SIGKILL, random.IntN(2) == 0) {
		c.faults.add(holderKilled, 1)
		c.note("%s: %s: pid %d", victim.device.name, holderKilled, victim.command.Process.Pid)
	}
}

// longestHold is how long others may have to wait for a ledger.
const longestHold = 4 * time.Second

// stopHolder stops a client in the middle of a transaction for a while.
func (c *campaign) stopHolder(random *rand.Rand, working *sync.WaitGroup) {
	victim := c.catchHolder(random, func(one *client) bool { return one.device.trouble })
	if victim == nil {
		return
	}
	long := time.Duration(random.Int64N(int64(longestHold)))
	c.faults.add(holderStopped, 1)
	c.note("%s: %s: pid %d, for %s", victim.device.name, holderStopped, victim.command.Process.Pid, long)
	working.Go(func() {
		select {
		case <-time.After(long):
		case <-victim.ended:
		}
		victim.signal(syscall.SIGCONT, false)
	})
}

// holdLock holds the lock of a device's ledger for a while.
func (c *campaign) holdLock(random *rand.Rand, working *sync.WaitGroup) {
	one := c.choose(random, func(one *client) bool { return one.device.trouble })
	if one == nil {
		return
	}
	long := time.Duration(random.Int64N(int64(longestHold)))
	working.Go(func() {
		if one.device.hold(long) {
			c.faults.add(lockHeld, 1)
			c.note("%s: %s, for %s", one.device.name, lockHeld, long)
		}
	})
}

// choose picks one of the living clients; nil if there is none that fits.
func (c *campaign) choose(random *rand.Rand, fits func(*client) bool) (chosen *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	number := 0
	for one := range c.living {
		if !fits(one) {
			continue
		}
		if number++; random.IntN(number) == 0 {
			chosen = one
		}
	}
	return chosen
}

// hit does something to one of the living clients.
func (c *campaign) hit(random *rand.Rand, kind fault, do func(*client) bool) {
	victim := c.choose(random, func(*client) bool { return true })
	if victim != nil && do(victim) {
		c.faults.add(kind, 1)
		c.note("%s: %s: pid %d", victim.device.name, kind, victim.command.Process.Pid)
	}
}

func (c *campaign) signalAll(s syscall.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for one := range c.living {
		one.signal(s, true)
	}
}

// restartOne restarts a server, or else the database of all, if it has a server: at
// first that, so that a short run has it, too.
func (c *campaign) restartOne(ctx context.Context, random *rand.Rand, server, database fault) {
	if c.installation.database != nil && (c.faults.of(databaseKilled, databaseRestart) == 0 || random.IntN(2) == 0) {
		c.restartDatabase(ctx, random, database)
	} else {
		c.restart(ctx, random, server)
	}
}

// restartDatabase ends the database's server, by force or not, under all that is in
// work, and starts it again after a while.
func (c *campaign) restartDatabase(ctx context.Context, random *rand.Rand, kind fault) {
	c.note("%s", kind)
	if kind == databaseKilled {
		c.installation.database.Kill()
	} else {
		c.installation.database.Stop()
	}
	select {
	case <-time.After(time.Duration(random.IntN(400)) * time.Millisecond):
	case <-ctx.Done(): // start it all the same
	}
	if err := c.installation.database.Start(context.WithoutCancel(ctx)); err != nil {
		c.report(violation{Kind: kindMisbehaved, Text: fmt.Sprintf("the database does not come back: %v", err)})
	}
	c.faults.add(kind, 1)
}

// restart ends a server, by force or not, and starts it again after a while.
func (c *campaign) restart(ctx context.Context, random *rand.Rand, kind fault) {
	s := c.installation.servers[random.IntN(len(c.installation.servers))]
	c.note("%s: server %d", kind, s.number)
	if kind == serverKilled {
		s.kill()
	} else if err := s.end(); err != nil {
		c.report(violation{Kind: kindMisbehaved, Text: err.Error()})
	}
	select {
	case <-time.After(time.Duration(random.IntN(400)) * time.Millisecond):
	case <-ctx.Done(): // start it all the same
	}
	if err := s.start(); err != nil {
		c.report(violation{Kind: kindMisbehaved, Text: err.Error()})
	}
	c.faults.add(kind, 1)
}

// changeWeather changes how the network behaves: from calm over a few kinds of
// faults now and then to all of them nearly always.
func (c *campaign) changeWeather(random *rand.Rand) {
	w := &weather{}
	switch random.IntN(6) {
	case 0: // calm
	case 1, 2:
		w.probability, w.kinds = 0.3, networkFaults
	case 3:
		w.probability, w.kinds = 0.8, networkFaults
	default:
		w.probability = 0.5 + random.Float64()/2
		for range 1 + random.IntN(4) {
			w.kinds = append(w.kinds, networkFaults[random.IntN(len(networkFaults))])
		}
	}
	c.proxy.weather.Store(w)
	c.note("weather: %.2f %v", w.probability, w.kinds)
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
