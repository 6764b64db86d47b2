package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

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
