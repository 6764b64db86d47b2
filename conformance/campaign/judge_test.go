package main

import (
	"strings"
	"testing"
)

// settled is a device on which everything is as it should be: 12 operations of
// two types, of which one client was killed while it recorded another.
func settled() evidence {
	return evidence{
		Device: "device-1",
		Clients: map[account]bounds{
			{"100001-reader", "QR_CODE"}: {Started: 9, Acked: 8},
			{"100001-writer", "EAN_13"}:  {Started: 4, Acked: 4},
		},
		Library: statement{Device: "uuid-1", Recorded: 12, Accepted: 12},
		Server:  map[account]int64{{"100001-reader", "QR_CODE"}: 8, {"100001-writer", "EAN_13"}: 4},
	}
}

func kindsOf(found []violation) string {
	var kinds []string
	for _, v := range found {
		kinds = append(kinds, string(v.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestJudgeOfADevice(t *testing.T) {
	qr, ean := account{"100001-reader", "QR_CODE"}, account{"100001-writer", "EAN_13"}
	for name, test := range map[string]struct {
		change func(*evidence)
		want   string
	}{
		"all is well": {func(*evidence) {}, ""},
		"the one in flight was counted": {
			func(e *evidence) { e.Server[qr], e.Library.Recorded, e.Library.Accepted = 9, 13, 13 }, "",
		},
		"a device nobody used": {func(e *evidence) { *e = evidence{Library: statement{Device: "uuid-1"}} }, ""},
		"one lost everywhere": {
			func(e *evidence) { e.Server[qr], e.Library.Recorded, e.Library.Accepted = 7, 11, 11 }, "loss loss",
		},
		"one lost on the server": {func(e *evidence) { e.Server[qr] = 7 }, "disagreed loss"},
		"one doubled everywhere": {
			func(e *evidence) { e.Server[qr], e.Library.Recorded, e.Library.Accepted = 10, 14, 14 }, "doubled doubled",
		},
		"one doubled on the server": {func(e *evidence) { e.Server[ean] = 5 }, "disagreed doubled"},
		"one under the wrong type":  {func(e *evidence) { e.Server[qr], e.Server[ean] = 7, 5 }, "loss doubled"},
		"one under a type nobody used": {
			func(e *evidence) { e.Server[qr]--; e.Server[account{"100001-reader", "TYPE_128"}]++ }, "loss doubled",
		},
		"a type the server lacks": {func(e *evidence) { delete(e.Server, ean) }, "disagreed loss"},
		"pending": {
			func(e *evidence) { e.Library.Pending = 1; e.Library.Accepted--; e.Server[qr]-- }, "unsettled loss",
		},
		"declared lost": {func(e *evidence) { e.Library.Lost = 1; e.Library.Accepted--; e.Server[qr]-- }, "loss loss"},
		"given up, far from now": {func(e *evidence) {
			e.Far, e.Library.Lost, e.Library.Expired = true, 3, 3
			e.Library.Accepted -= 3
			e.Server[qr], e.Server[ean] = 6, 3
		}, ""},
		"more missing than given up": {func(e *evidence) {
			e.Far, e.Library.Lost, e.Library.Expired = true, 1, 1
			e.Library.Accepted -= 2
			e.Server[ean] = 2
		}, "disagreed loss"},
		"lost otherwise, far from now": {func(e *evidence) {
			e.Far, e.Library.Lost = true, 1
			e.Library.Accepted--
			e.Server[qr]--
		}, "loss loss"},
		"the library's sums differ": {func(e *evidence) { e.Library.Recorded++ }, "disagreed"},
	} {
		e := settled()
		test.change(&e)
		if got := kindsOf(judgeDevice(e)); got != test.want {
			t.Errorf("%s: %q, want %q: %v", name, got, test.want, judgeDevice(e))
		}
	}
}

func TestJudgeOfADamagedDevice(t *testing.T) {
	qr := account{"100001-reader", "QR_CODE"}
	for name, test := range map[string]struct {
		change          func(*evidence)
		announced, kept bool
		want            string
	}{
		"nothing is gone":       {func(*evidence) {}, false, false, ""},
		"gone and announced":    {func(e *evidence) { e.Server[qr] = 1 }, true, false, ""},
		"gone without a word":   {func(e *evidence) { e.Server[qr] = 1 }, false, false, "unannounced"},
		"gone and not declared": {func(e *evidence) { e.Server[qr] = 1 }, true, true, "loss"},
		"gone and declared": {
			func(e *evidence) { e.Server[qr], e.Library.Lost, e.Library.Accepted = 1, 7, 5 }, true, true, "",
		},
		"forgotten": {
			func(e *evidence) { e.Library.Recorded, e.Library.Accepted = 5, 5 }, true, true, "disagreed",
		},
		"doubled": {func(e *evidence) { e.Server[qr] = 10 }, true, false, "doubled"},
		"a type without its name": {
			func(e *evidence) { e.Server[qr]--; e.Server[account{"100001-reader", "TYPE_128"}]++ }, true, false, "",
		},
		"pending": {
			func(e *evidence) { e.Library.Pending, e.Library.Recorded = 1, 13 }, true, false, "unsettled",
		},
		"the account is wrong": {func(e *evidence) { e.Library.Recorded++ }, true, false, "disagreed"},
	} {
		e := settled()
		test.change(&e)
		if got := kindsOf(judgeDamaged(damagedDevice{e, test.announced, test.kept, nil})); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestJudgeOfTheServer(t *testing.T) {
	type row = struct {
		Device    string `json:"device"`
		Handshake string `json:"handshake"`
		Type      string `json:"type"`
		Count     int64  `json:"count"`
	}
	for name, test := range map[string]struct {
		change func(*serverBooks, *[]evidence)
		want   string
	}{
		"all is well":  {func(*serverBooks, *[]evidence) {}, ""},
		"total":        {func(s *serverBooks, _ *[]evidence) { s.Total++ }, "disagreed"},
		"not verified": {func(s *serverBooks, _ *[]evidence) { s.Verified.OK = false }, "disagreed"},
		"lost":         {func(s *serverBooks, _ *[]evidence) { s.Lost = 3 }, "disagreed"},
		"given up": {func(s *serverBooks, devices *[]evidence) {
			s.Lost, (*devices)[0].Library.Expired = 3, 3
		}, ""},
		"given up, and not declared": {
			func(_ *serverBooks, devices *[]evidence) { (*devices)[0].Library.Expired = 3 }, "disagreed",
		},
		"unknown device": {func(s *serverBooks, _ *[]evidence) {
			s.Rows = append(s.Rows, row{Device: "uuid-9", Count: 2})
			s.Total += 2
		}, "disagreed"},
		"one identity, two devices": {func(s *serverBooks, devices *[]evidence) {
			*devices = append(*devices, evidence{Device: "device-2", Library: statement{Device: "uuid-1"}})
		}, "disagreed"},
	} {
		e := settled()
		s := serverBooks{Total: 12}
		s.Verified.OK = true
		for a, n := range e.Server {
			s.Rows = append(s.Rows, row{"uuid-1", a.Code, a.Type, n})
		}
		if got := s.of("uuid-1"); len(got) != len(e.Server) || got[account{"100001-reader", "QR_CODE"}] != 8 {
			t.Errorf("%s: the device's own are %v", name, got)
		}
		devices := []evidence{e}
		test.change(&s, &devices)
		if got := kindsOf(judgeServer(s, devices, map[string]string{}, false)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	loss, crash := violation{Kind: kindLoss}, violation{Kind: kindMisbehaved}
	for name, test := range map[string]struct {
		violations []violation
		made       *mistake
		complete   bool
		want       int
	}{
		"passed":                    {nil, nil, true, 0},
		"loss":                      {[]violation{loss}, nil, true, 1},
		"did not run to its end":    {nil, nil, false, 2},
		"found before it broke off": {[]violation{loss}, nil, false, 1},
		"control finds losses":      {[]violation{loss, loss}, heldBack, true, 0},
		"control finds nothing":     {nil, heldBack, true, 1},
		"control finds a crash":     {[]violation{loss, crash}, heldBack, true, 1},
		"control broke off":         {nil, heldBack, false, 2},
		"a library that loses":      {[]violation{loss}, mistakes[1], true, 0},
		"a library that crashes":    {[]violation{crash}, mistakes[1], true, 0},
		"a library with no mistake": {nil, mistakes[1], true, 1},
	} {
		s := summary{options: options{mistake: test.made}, Violations: test.violations}
		s.judge(test.complete)
		if s.Code != test.want {
			t.Errorf("%s: exit code %d (%s), want %d", name, s.Code, s.Verdict, test.want)
		}
	}
}
