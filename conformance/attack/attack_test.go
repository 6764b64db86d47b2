package main

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/openlts/openlts/conformance/attack/books"
	"github.com/openlts/openlts/conformance/attack/tracer"
	"github.com/openlts/openlts/core/protocol"
)

func write(path string) tracer.Call {
	return tracer.Call{Name: "pwrite64", Class: tracer.Write, Path: path, Bytes: 100}
}

func TestKind(t *testing.T) {
	for path, want := range map[string]string{
		"/d":                   ".",
		"/d/ledger.db-journal": "ledger.db-journal",
		"/d/write-test-42.new": "write-test-42.new",
		"/d/write-test-6ba7b810-9dad-11d1-80b4-00c04fd430c8.new":  "write-test-*.new",
		"/d/device.json.6ba7b810-9dad-11d1-80b4-00c04fd430c8.new": "device.json.*.new",
		"/d/ledger.db.damaged-20260301T120000.000-journal":        "ledger.db.damaged-*-journal",
		"/d/6ba7b810-9dad-11d1-80b4-00c04fd430c8.tally":           "*.tally",
		"/d/6ba7b810-9dad-11d1-80b4-00c04fd430c8.tally.damaged":   "*.tally.damaged",
		"/d/6ba7b810-9dad-11d1-80b4-00c04fd430c8.new":             "*.new",
		"/d/deeper/6ba7b810-9dad-11d1-80b4-00c04fd430c8-journal":  "deeper/*-journal",
	} {
		if got := kind("/d", path); got != want {
			t.Errorf("%s is %s, not %s", path, got, want)
		}
	}
}

// TestPoints: each call is a point for each of its faults, and each of them is
// met at that call again.
func TestPoints(t *testing.T) {
	calls := []tracer.Call{
		{Name: "openat", Class: tracer.Open, Path: "/d/a", Creates: true}, write("/d/a"), write("/d/b"), write("/d/a"),
		{Name: "flock", Class: tracer.Lock, Path: "/d/a"}, {Name: "close", Class: tracer.Close, Path: "/d/a"},
	}
	names := map[string]bool{}
	for _, p := range points(empty, "/d", calls, 1) {
		if names[p.String()] {
			t.Errorf("%s is there twice", p)
		}
		names[p.String()] = true
		a := newAssault("/d", p)
		var done []tracer.Fate
		for _, c := range calls {
			done = append(done, a.decide(c).Fate)
		}
		changed := 0
		for _, fate := range done {
			if fate != tracer.Done {
				changed++
			}
		}
		switch {
		case !a.hit || changed == 0:
			t.Errorf("%s is not reached", p)
		case changed > 1 && p.file != anyFile && p.fault.name != diskFills:
			t.Errorf("%s changes %v", p, done)
		}
	}
	for _, name := range []string{"empty/pwrite64/a/2/torn", "empty/pwrite64/b/1/ENOSPC",
		"empty/openat/a/1/killed-after",
		"empty/flock/a/1/ENOLCK", "empty/close/a/1/doubtful-EIO", "empty/write/*/3/lasting-ENOSPC",
		"empty/anything/*/4/lasting-EIO"} {
		if !names[name] {
			t.Errorf("there is no point %s: %v", name, names)
		}
	}
}

func TestSample(t *testing.T) {
	var calls []tracer.Call
	for range 100 {
		calls = append(calls, write("/d/often"))
	}
	all := points(empty, "/d", append(calls, write("/d/rarely")), 1)
	chosen := sample(all, 40, rand.New(rand.NewPCG(1, 1)))
	names := map[string]bool{}
	rarely := 0
	for _, p := range chosen {
		names[p.String()] = true
		if strings.Contains(p.String(), "rarely") {
			rarely++
		}
	}
	if len(chosen) != 40 || len(names) != 40 || rarely != len(faults(calls[0])) {
		t.Errorf("%d points, %d of them different, %d of the rare file", len(chosen), len(names), rarely)
	}
	if n := len(sample(all, len(all)+1, rand.New(rand.NewPCG(1, 1)))); n != len(all) {
		t.Errorf("%d of %d", n, len(all))
	}
}

// fine is an attack after which all books agree.
func fine() *evidence {
	e := &evidence{Reached: true, Server: counted{ByDevice: map[string]int64{"d": 10},
		ByType: map[string]int64{books.Types[0]: 4, books.Types[2]: 6}}}
	e.Noted.Types[0] = books.Note{Begun: 5, Acknowledged: 4}
	e.Noted.Types[2] = books.Note{Begun: 6, Acknowledged: 6}
	e.Settled = books.Statement{Device: "d", Accounts: []books.Account{{Recorded: 10, Accepted: 10}}}
	return e
}

func TestJudge(t *testing.T) {
	if v := judge(fine()); len(v.Violations) != 0 || v.Volatile != 0 {
		t.Errorf("%+v", v)
	}
	for name, test := range map[string]struct {
		spoil func(e *evidence)
		want  []kindOf
	}{
		"a loss":    {func(e *evidence) { e.Noted.Types[0].Acknowledged = 5 }, []kindOf{loss}},
		"submitted": {func(e *evidence) { e.Noted.Types[0].Submitted, e.Noted.Told = 5, 1 }, []kindOf{loss}},
		"too long":  {func(e *evidence) { e.Said.Longest.Seconds = 100 }, []kindOf{misbehaved}},
		"doubled": {func(e *evidence) { e.Noted.Types[0] = books.Note{Begun: 3, Acknowledged: 3} },
			[]kindOf{doubled}},
		"another type": {func(e *evidence) { e.Server.ByType["TYPE_128"] = 1 }, []kindOf{doubled}},
		"a crash":      {func(e *evidence) { e.Status = syscall.WaitStatus(syscall.SIGSEGV) }, []kindOf{misbehaved}},
		"a hang":       {func(e *evidence) { e.Hung = true }, []kindOf{misbehaved}},
		"noise":        {func(e *evidence) { e.Complaints = "panic" }, []kindOf{misbehaved}},
		"restless":     {func(e *evidence) { e.Said.Restless = true }, []kindOf{misbehaved}},
		"pending": {func(e *evidence) {
			e.Settled.Accounts[0] = books.Account{Recorded: 11, Accepted: 10, Pending: 1}
		}, []kindOf{unsettled}},
		"not settled": {func(e *evidence) { e.Settled.Accounts = nil }, []kindOf{unsettled}},
		"settling failed": {func(e *evidence) { e.Settled.Failures = []books.Failure{{Doing: "submit"}} },
			[]kindOf{unsettled}},
		"books": {func(e *evidence) { e.Said.Accounts = []books.Account{{Recorded: 3, Accepted: 2}} },
			[]kindOf{disagreed}},
		"server's total": {func(e *evidence) { e.Server.ByDevice["d"] = 9 }, []kindOf{disagreed}},
		"beside": {func(e *evidence) { e.Accompanying = syscall.WaitStatus(syscall.SIGSEGV) },
			[]kindOf{misbehaved}},
		"books beside": {func(e *evidence) { e.Beside.Accounts = []books.Account{{Recorded: 3, Accepted: 2}} },
			[]kindOf{disagreed}},
		"not opened": {func(e *evidence) { e.Said.Failures = []books.Failure{{Doing: "open"}} },
			[]kindOf{misbehaved}},
		"told loss": {func(e *evidence) { e.Noted.Types[0].Acknowledged, e.Noted.Told = 5, 1 }, []kindOf{loss}},
		"declared lost": {func(e *evidence) {
			e.Settled.Accounts[0] = books.Account{Recorded: 12, Accepted: 10, Lost: 2}
		}, []kindOf{loss}},
		"a false alarm": {func(e *evidence) { e.Noted.Flags = int64(protocol.StateFlagStorageRecovered) },
			[]kindOf{misbehaved}},
		"server's books": {func(e *evidence) { e.Server.Differences = []string{"x"} }, []kindOf{disagreed}},
	} {
		e := fine()
		test.spoil(e)
		v := judge(e)
		var found []kindOf
		for _, each := range v.Violations {
			found = append(found, each.Kind)
		}
		if len(found) != len(test.want) || found[0] != test.want[0] {
			t.Errorf("%s: %+v", name, v.Violations)
		}
	}
}

// TestJudgeOfWhatWasTold: the promise does not cover usage in memory that is lost.
func TestJudgeOfWhatWasTold(t *testing.T) {
	e := fine()
	e.Noted.Types[0] = books.Note{Begun: 9, Acknowledged: 4, Volatile: 2}
	e.Noted.Flags = int64(protocol.StateFlagStorageDegraded)
	if v := judge(e); len(v.Violations) != 0 || v.Volatile != 2 {
		t.Errorf("%+v", v)
	}
	e.Status = syscall.WaitStatus(syscall.SIGKILL) // by us
	if v := judge(e); len(v.Violations) != 0 {
		t.Errorf("%+v", v)
	}
}
