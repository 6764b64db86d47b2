package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// kills is a run of clients that are killed while four threads record as fast
// as they can, on one device, with nothing else disturbed.
type kills struct {
	options
	*laboratory
	device     *device
	done       int
	licenses   int64
	operations int64
	serverSays serverBooks
}

func runKills(ctx context.Context, o options) (*kills, error) {
	o.Servers, o.Clients, o.Devices, o.Faults = 1, 1, 1, 0
	l, err := newLaboratory(ctx, o)
	k := &kills{options: o, laboratory: l}
	if err != nil {
		return k, err
	}
	if err := l.installation.start(); err != nil {
		return k, err
	}
	main := "http://" + l.installation.running()[0]
	k.device = l.newDevice("device-1")
	random := newRandom(o.Seed, 1)
	var before int64
	var last evidence
	shown := time.Now()
	deadline := time.Now().Add(o.MaxTime)
	for k.done < o.Kills && time.Now().Before(deadline) {
		s := settings{mode: "hammer", main: main, code: codes[0], seed: random.Uint64(), threads: 4,
			milliseconds: 60000, end: "close"}
		if o.mistake == heldBack {
			s.buffer = controlBuffer
		}
		noted, err := k.killOne(ctx, s, time.Duration(20+random.IntN(61))*time.Millisecond)
		if err != nil {
			return k, err
		}
		// The next start takes over what the dead one left.
		if last, err = l.settle(k.device, main, 0); err != nil {
			return k, err
		}
		recorded := last.Library.Recorded - before
		before = last.Library.Recorded
		k.note("kill %d: %d <= %d <= %d", k.done, noted.Acked, recorded, noted.Started)
		if recorded < noted.Acked {
			k.say(kindLoss, "kill %d: %d operations were acknowledged, %d are recorded (%d are missing)", k.done,
				noted.Acked, recorded, noted.Acked-recorded)
		}
		if recorded > noted.Started {
			k.say(kindDoubled, "kill %d: %d operations were begun, %d are recorded (%d too many)", k.done,
				noted.Started, recorded, recorded-noted.Started)
		}
		if time.Since(shown) > 5*time.Second {
			shown = time.Now()
			fmt.Fprintf(os.Stderr, "%5.0f s  %4d kills  %12d operations\n", time.Since(l.began).Seconds(),
				k.done, k.operations)
		}
	}
	if k.serverSays, err = l.installation.books(); err != nil {
		return k, err
	}
	last.Server = k.serverSays.of(last.Library.Device)
	k.report(judgeDevice(last)...)
	k.report(judgeServer(k.serverSays, []evidence{last}, map[string]string{}, false)...)
	return k, l.installation.stop()
}

func (k *kills) say(kind violationKind, format string, arguments ...any) {
	k.report(violation{kind, k.device.name, k.device.directory, fmt.Sprintf(format, arguments...)})
}

// killOne kills a client some time after it began to record, and answers what
// it noted.
func (k *kills) killOne(ctx context.Context, s settings, after time.Duration) (bounds, error) {
	c, err := k.startClient(k.device, s)
	if err != nil {
		return bounds{}, err
	}
	records := func() bool {
		b, err := readBooks(c.books)
		return err == nil && b.all().Started > 0
	}
	for deadline := time.Now().Add(hangs); !records(); {
		select {
		case <-ctx.Done():
		case <-c.ended:
		case <-time.After(2 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		c.signal(syscall.SIGKILL, true)
		c.wait(0)
		if ctx.Err() != nil {
			return bounds{}, ctx.Err()
		}
		return bounds{},
			fmt.Errorf("the client does not begin to record: %s %s", c.command.ProcessState, c.stderr.String())
	}
	select {
	case <-time.After(after):
	case <-ctx.Done():
	}
	if c.signal(syscall.SIGKILL, false) {
		k.done++
		k.faults.add(clientKilled, 1)
	}
	b := c.wait(0)
	k.licenses += b.Opened
	k.operations += b.all().Acked
	return b.all(), ctx.Err()
}

func (k *kills) summary() summary {
	s := summary{options: k.options}
	if k.laboratory != nil {
		s.fromLaboratory(k.laboratory)
	}
	s.ClientsStarted, s.Licenses, s.DevicesUsed = k.done, k.licenses, 1
	s.Operations, s.Counted, s.Reports = k.operations, k.serverSays.Total, k.serverSays.Verified.Reports
	return s
}
