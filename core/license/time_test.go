package license_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
	// slack is how far a clock may go back without being noticed.
	slack = time.Hour
)

// truth is the time as it is, which the server knows: the device's clock may show
// anything.
type truth struct {
	*world
	time   *testkit.Clock
	server *testkit.Server
	p      license.Parameters
}

func newTruth(t *testing.T) *truth {
	t.Helper()
	tr := &truth{world: newWorld(t), time: testkit.NewClock(start)}
	tr.server = testkit.NewServer(t, tr.time.Now)
	tr.p = parameters(tr.server.URL)
	return tr
}

func (tr *truth) pass(d time.Duration) {
	tr.time.Advance(d)
	tr.clock.Advance(d)
}

// set sets the device's clock to so far from the truth.
func (tr *truth) set(off time.Duration) { tr.clock.Set(tr.time.Now().Add(off)) }

func (tr *truth) online() (*license.Granted, error) {
	tr.server.Intercept(nil)
	return tr.authorize(tr.p)
}

func (tr *truth) offline() (*license.Granted, error) {
	tr.server.Intercept(testkit.CaptivePortal)
	return tr.authorize(tr.p)
}

// TestClocks: what an authorization is worth is what the server granted, not what a
// clock makes of it.
func TestClocks(t *testing.T) {
	const opens, flagged, setBack, ended = "opens", "opens, flagged", "set back", "could be used"
	type look struct {
		do     func(*truth)
		online bool
		want   string
	}
	pass := func(d time.Duration) func(*truth) { return func(tr *truth) { tr.pass(d) } }
	set := func(off time.Duration) func(*truth) { return func(tr *truth) { tr.set(off) } }
	nothing := pass(0)
	for name, looks := range map[string][]look{
		"a right clock": {
			{nothing, true, opens}, {pass(7 * day), false, opens}, {pass(2 * time.Second), false, ended},
		},
		"authorized years ahead": {{set(11 * year), true, flagged}, {set(0), false, setBack},
			{pass(year), false, setBack}, {pass(4 * year), false, setBack}},
		"and online again": {{set(11 * year), true, flagged}, {set(0), true, flagged},
			{pass(6 * day), false, opens}, {pass(2 * day), false, ended}},
		"years ahead, all along": {
			{set(11 * year), true, flagged}, {pass(6 * day), false, opens}, {pass(2 * day), false, ended},
		},
		"authorized in 1970": {
			{set(-56 * year), true, flagged}, {pass(6 * day), false, opens}, {pass(2 * day), false, ended},
		},
		"1970, then the time": {
			{set(-56 * year), true, flagged}, {set(0), false, ended}, {nothing, true, opens}, {pass(day), false, opens},
		},
		"an hour behind": {{nothing, true, opens}, {pass(day), false, opens}, {set(-slack), false, opens}},
		"two hours behind": {{nothing, true, opens}, {pass(day), false, opens},
			{set(-2 * slack), false, setBack}, {pass(time.Hour), false, opens}},
		"ahead offline, and back": {{nothing, true, opens}, {set(20 * year), false, ended}, {set(0), false, setBack},
			{nothing, true, flagged}, {pass(day), false, opens}},
		"back to its first day, again and again": {{nothing, true, opens}, {pass(6 * day), false, opens}, {
			set(-5 * day), false, setBack,
		},
			{pass(day), false, setBack}, {set(-6 * day), false, setBack}},
		"back once it ended": {{nothing, true, opens}, {pass(8 * day), false, ended}, {set(-2 * day), false, setBack}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTruth(t)
			for i, l := range looks {
				l.do(tr)
				ask := tr.offline
				if l.online {
					ask = tr.online
				}
				g, err := ask()
				var got string
				switch {
				case err != nil:
					got = err.Error()
				case g.Flags&protocol.StateFlagClockAnomaly != 0:
					got = flagged
				default:
					got = opens
				}
				if got != l.want && (err == nil || !strings.Contains(got, l.want)) {
					t.Errorf("look %d: %s, want %s", i+1, got, l.want)
				}
			}
		})
	}
}

// TestNeverBeyondTheEnd: a buffer that reaches beyond the end of the license is cut.
func TestNeverBeyondTheEnd(t *testing.T) {
	tr := newTruth(t)
	tr.server.Modify(func(a *protocol.Authorization) { a.ValidUntil = a.IssuedAt + 3600 })
	granted, err := tr.online()
	if err != nil || granted.BufferUntil() != start.Unix()+3600 || granted.AuthorizedAt() != start.Unix() {
		t.Fatalf("%+v, %v", granted, err)
	}
	tr.pass(time.Hour)
	if _, err := tr.offline(); err != nil {
		t.Error(err)
	}
	tr.pass(time.Second)
	if _, err := tr.offline(); err == nil {
		t.Error("opened beyond the end of the license")
	}
}

// TestAServerThatWasAhead: what it granted while its clock was wrong is worth nothing
// once it is right.
func TestAServerThatWasAhead(t *testing.T) {
	tr := newTruth(t)
	tr.server.SetClock(20 * year)
	if _, err := tr.online(); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.offline(); err != nil {
		t.Errorf("the server's clock is what counts: %v", err)
	}
	tr.server.SetClock(0)
	other := tr.p
	other.Edition = "another"
	tr.server.Intercept(nil)
	if _, err := tr.authorize(other); err != nil {
		t.Fatal(err)
	}
	tr.pass(day)
	if _, err := tr.offline(); err == nil {
		t.Error("an authorization from the future was used")
	}
}

// TestAStepThatWasSeen: a running license sees its clock being set, by time that
// passed. It keeps what it knows, and the next start goes on from there.
func TestAStepThatWasSeen(t *testing.T) {
	for name, c := range map[string]struct{ before, after time.Duration }{
		"from 1970":       {-56 * year, 0},
		"to 1970":         {0, -56 * year},
		"from years off":  {11 * year, 0},
		"a day forward":   {0, day},
		"five days back":  {0, -5 * day},
		"by half an hour": {0, 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTruth(t)
			tr.set(c.before)
			granted, err := tr.online()
			if err != nil {
				t.Fatal(err)
			}
			tr.pass(2 * day)
			if step := granted.Time.Step(tr.clock); step.Abs() > time.Second {
				t.Errorf("a step of %v that was none", step)
			}
			tr.set(c.after)
			if step := granted.Time.Step(tr.clock); (step - (c.after - c.before)).Abs() > time.Second {
				t.Errorf("a step of %v, want %v", step, c.after-c.before)
			}
			granted.Time = granted.Time.Moved(tr.clock)
			if err := granted.Time.Keep(t.Context(), tr.ledger, granted.LTS); err != nil {
				t.Fatal(err)
			}
			if server := granted.Time.Server(tr.clock); server != tr.time.Now().Unix() {
				t.Errorf("the server's clock is taken to be off by %d", server-tr.time.Now().Unix())
			}
			tr.pass(time.Hour)
			if _, err := tr.offline(); err != nil {
				t.Errorf("after a step that was seen: %v", err)
			}
			tr.pass(4*day + 22*time.Hour)
			if _, err := tr.offline(); err != nil || granted.Over(tr.clock) {
				t.Errorf("within the buffer: %v", err)
			}
			tr.pass(2 * time.Hour)
			if _, err := tr.offline(); err == nil || !granted.Over(tr.clock) {
				t.Error("the step lengthened the authorization")
			}
		})
	}
}

// TestAnyClock: however the clock is set, an authorization is used no later than the
// server granted it, but by what the clock hid: time that passed from one look at it
// to the next while it showed less, and stood no earlier than it was seen before.
func TestAnyClock(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr := newTruth(t)
		var hidden time.Duration // since the grant
		var granted *license.Granted
		lookedTrue, lookedWall := tr.time.Now(), tr.clock.Now()
		look := func() {
			shown := max(tr.clock.Now().Sub(lookedWall), 0)
			if hid := tr.time.Now().Sub(lookedTrue) - shown; hid > 0 {
				hidden += hid
			}
			lookedTrue = tr.time.Now()
			if shown > 0 {
				lookedWall = tr.clock.Now()
			}
		}
		for range rapid.IntRange(2, 12).Draw(r, "actions") {
			switch rapid.SampledFrom([]string{"pass", "pass", "set", "nudge", "offline", "offline", "online"}).Draw(r,
				"action") {
			case "pass":
				tr.pass(time.Duration(rapid.IntRange(0, int(5*day/time.Second)).Draw(r, "seconds")) * time.Second)
			case "set":
				tr.set(time.Duration(
					rapid.IntRange(-int(60*year/time.Second), int(60*year/time.Second)).Draw(r, "off")) * time.Second)
			case "nudge":
				tr.clock.Set(tr.clock.Now().Add(time.Duration(
					rapid.IntRange(-int(9*day/time.Second), int(9*day/time.Second)).Draw(r, "by")) * time.Second))
			case "online":
				g, err := tr.online()
				if err != nil {
					r.Fatalf("online: %v", err)
				}
				if off := tr.clock.Now().Sub(tr.time.Now()); off.Abs() > slack &&
					g.Flags&protocol.StateFlagClockAnomaly == 0 {
					r.Fatalf("a clock that is off by %v was not flagged", off)
				}
				granted, hidden, lookedTrue, lookedWall = g, 0, tr.time.Now(), tr.clock.Now()
			case "offline":
				back := granted != nil && tr.clock.Now().Before(lookedWall.Add(-slack))
				if !back {
					look()
				}
				g, err := tr.offline()
				end := time.Time{}
				if granted != nil {
					end = time.Unix(granted.Authorization.BufferUntil, 0)
				}
				switch late := tr.time.Now().Sub(end); {
				case err == nil && granted == nil:
					r.Fatalf("opened with %+v, and nothing was granted", g)
				case err == nil && back:
					r.Fatalf("opened although the clock stands at %v, and stood at %v before",
						tr.clock.Now(), lookedWall)
				case err == nil && late > hidden:
					r.Fatalf("opened %v after its end, and the clock hid %v only", late, hidden)
				}
			}
		}
	})
}

// TestAnHonestWrongClock: a clock that is off, by whatever, and goes on as time does,
// changes nothing.
func TestAnHonestWrongClock(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		tr := newTruth(t)
		tr.set(time.Duration(
			rapid.IntRange(-int(56*year/time.Second), int(100*year/time.Second)).Draw(r, "off")) * time.Second)
		if _, err := tr.online(); err != nil {
			r.Fatal(err)
		}
		var passed time.Duration
		for range rapid.IntRange(1, 6).Draw(r, "looks") {
			d := time.Duration(rapid.IntRange(0, int(3*day/time.Second)).Draw(r, "seconds")) * time.Second
			tr.pass(d)
			passed += d
			if _, err := tr.offline(); (err == nil) != (passed <= 7*day) {
				r.Fatalf("after %v: %v", passed, err)
			}
		}
	})
}
