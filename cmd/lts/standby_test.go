package main

import (
	"flag"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

var failovers = flag.Int("failovers", 4, "how often TestFailover kills the main server")

// quick has a standby server change its mind soon.
var quick = []string{"--standby-after", "300ms", "--standby-back", "300ms"}

// pair is a main server and its standby on one PostgreSQL database.
type pair struct {
	data          string
	main, standby *process
	address       string // of the main server, also when it is started anew
}

func startPair(t *testing.T) *pair {
	t.Helper()
	cluster := postgrestest.Durable(t)
	data, err := cluster.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	addStandard(t, data)
	p := &pair{data: data, main: startServer(t, data)}
	u, err := url.Parse(p.main.url)
	if err != nil {
		t.Fatal(err)
	}
	p.address = u.Host
	p.standby = startServer(t, data, append(quick, "--standby-of", p.main.url)...)
	return p
}

// startMain starts the main server anew, where it was.
func (p *pair) startMain(t *testing.T) { p.main = startServer(t, p.data, "--listen", p.address) }

// authorizes tells whether a server authorizes; a standby that does not, refuses with -20100.
func authorizes(t *testing.T, url string) bool {
	t.Helper()
	d := servertest.NewDevice(url)
	_, err := d.Authorize(d.Request("100001-reader"))
	if err != nil && !strings.Contains(err.Error(), "-20100") {
		t.Errorf("%s: %v", url, err)
	}
	return err == nil
}

// The standby refuses while the main server works, serves when it does not, and
// gives back; clients go from main to standby, and back to main.
func TestStandby(t *testing.T) {
	t.Parallel() // waits more than it works
	p := startPair(t)
	until(t, "the main server serves alone", func() bool {
		return authorizes(t, p.main.url) && !authorizes(t, p.standby.url)
	})
	parameters := license.Defaults()
	parameters.MainServerURL, parameters.StandbyServerURL, parameters.HandshakeCode, parameters.DataDirectory =
		p.main.url, p.standby.url, "100001-reader", t.TempDir()
	open := func() (flags protocol.StateFlag) {
		l, err := client.Open(t.Context(), parameters, client.Environment{Clock: slot.System{}})
		if err != nil {
			t.Fatal(err)
		}
		info, err := l.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		return info.Flags & (protocol.StateFlagStandbyUsed | protocol.StateFlagCacheUsed)
	}
	if flags := open(); flags != 0 {
		t.Errorf("with both: %v", flags)
	}
	_ = p.main.end(t, syscall.SIGKILL)
	until(t, "the standby serves", func() bool { return authorizes(t, p.standby.url) })
	if flags := open(); flags != protocol.StateFlagStandbyUsed {
		t.Errorf("without main: %v", flags)
	}
	p.startMain(t)
	until(t, "the standby refuses", func() bool { return !authorizes(t, p.standby.url) })
	if flags := open(); flags != 0 {
		t.Errorf("main is back: %v", flags)
	}
	if err := p.main.end(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	// A main server that is worked on does not serve, and says so.
	p.main = startServer(t, p.data, "--listen", p.address, "--maintenance")
	until(t, "the standby serves during maintenance", func() bool { return authorizes(t, p.standby.url) })
}

// The main server is killed again and again under load. No report that was
// acknowledged, by either, is missing, and none is doubled.
func TestFailover(t *testing.T) {
	t.Parallel() // waits more than it works
	p := startPair(t)
	var mu sync.Mutex
	urls := []string{p.main.url, p.standby.url}
	var turn atomic.Int64
	load := &servertest.Load{Code: "100001-reader", Item: "scans", Address: func() string {
		mu.Lock()
		defer mu.Unlock()
		return urls[turn.Add(1)%2] // main, standby, main, ...
	}}
	done := load.Start(t, 4, servertest.Endless)
	for range *failovers {
		if load.Await(done, 1+rand.Int64N(200)) {
			break // it failed
		}
		_ = p.main.end(t, syscall.SIGKILL)
		if rand.N(3) > 0 { // else it is back before the standby takes over
			until(t, "the standby serves", func() bool { return authorizes(t, p.standby.url) })
		}
		p.startMain(t)
	}
	load.Await(done, 100)
	load.Stop()
	<-done
	var s statisticsJSON
	mustJSON(t, &s, p.data, "stats", "--by", "item")
	if s.Total != load.Units.Load() {
		t.Errorf("counted %d, recorded %d", s.Total, load.Units.Load())
	}
	must(t, p.data, "verify")
	t.Logf("%d kills, %d requests, %d acknowledged, %d units", *failovers, load.Sent.Load(),
		load.Acknowledged.Load(), load.Units.Load())
}
