package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// account is what operations are counted under, besides the device.
type account struct{ Code, Type string }

// statement is what the library says of a device once it is settled.
type statement struct {
	Device     string `json:"device"` // UUID
	Recorded   int64  `json:"recorded"`
	Accepted   int64  `json:"accepted"`
	Pending    int64  `json:"pending"`
	Lost       int64  `json:"lost"`
	Expired    int64  `json:"lostExpired"` // of it
	StateFlags uint32 `json:"stateFlags"`
	Status     int32  `json:"status"` // of the last submission
}

// evidence is all that is known of a device in the end.
type evidence struct {
	Device    string // its name in the campaign
	Directory string
	Far       bool               // its clock went so far that reports were given up as too old
	Clients   map[account]bounds // what its clients noted
	Library   statement          // what the library says
	Server    map[account]int64  // what the server counted
}

// total is what the server counted of the device.
func (e evidence) total() (n int64) {
	for _, count := range e.Server {
		n += count
	}
	return n
}

// bounds is what the clients noted, over all accounts.
func (e evidence) bounds() (sum bounds) {
	for _, b := range e.Clients {
		sum = sum.plus(b)
	}
	return sum
}

// fault of the product, as opposed to those the campaign injects.
type violation struct {
	Kind      violationKind `json:"kind"`
	Device    string        `json:"device,omitempty"`
	Directory string        `json:"directory,omitempty"`
	Text      string        `json:"text"`
}

type violationKind string

const (
	kindLoss        violationKind = "loss"        // acknowledged, and not counted
	kindDoubled     violationKind = "doubled"     // counted, and never recorded
	kindDisagreed   violationKind = "disagreed"   // library, server or their own sums differ
	kindMisbehaved  violationKind = "misbehaved"  // a crash, a hang, an error that must not be
	kindUnsettled   violationKind = "unsettled"   // something stays pending though nothing disturbs
	kindUnannounced violationKind = "unannounced" // a loss by damage that no state flag tells of
)

func (v violation) String() string {
	where := ""
	if v.Device != "" {
		where = fmt.Sprintf(" %s (%q)", v.Device, v.Directory)
	}
	return fmt.Sprintf("VIOLATION%s: %s: %s", where, v.Kind, v.Text)
}

// judgeDevice compares what clients, library and server say of a device that is
// settled, and that nothing damaged.
func judgeDevice(e evidence) []violation {
	var found []violation
	say := func(kind violationKind, format string, arguments ...any) {
		found = append(found, violation{kind, e.Device, e.Directory, fmt.Sprintf(format, arguments...)})
	}
	l := e.Library
	if l.Pending != 0 {
		say(kindUnsettled, "%d operations are pending after the last submission (status %d)", l.Pending, l.Status)
	}
	// What may be missing, because it was given up.
	var given int64
	if e.Far {
		given = l.Expired
	}
	if l.Lost != given {
		say(kindLoss, "the library declares %d operations lost, %d of them as too old, and nothing refused "+
			"or damaged them", l.Lost, l.Expired)
	}
	if l.Recorded != l.Accepted+l.Pending+l.Lost {
		say(kindDisagreed, "recorded %d is not accepted %d + pending %d + lost %d", l.Recorded, l.Accepted,
			l.Pending, l.Lost)
	}
	all := e.bounds()
	if all.Acked > l.Recorded {
		say(kindLoss,
			"the clients were told that %d operations are counted, the library has recorded %d (%d are missing)",
			all.Acked, l.Recorded, all.Acked-l.Recorded)
	}
	if l.Recorded > all.Started {
		say(kindDoubled, "the clients recorded %d operations at most, the library has recorded %d (%d too many)",
			all.Started, l.Recorded, l.Recorded-all.Started)
	}
	if total := e.total(); total != l.Accepted {
		say(kindDisagreed, "the library says %d operations were accepted, the server counted %d", l.Accepted, total)
	}
	accounts := maps.Clone(e.Clients)
	for a := range e.Server {
		accounts[a] = accounts[a].plus(bounds{})
	}
	for _, a := range sorted(accounts) {
		b, counted := accounts[a], e.Server[a]
		missing := max(0, b.Acked-counted)
		if missing > given {
			say(kindLoss, "%s of %s: the clients were told that %d are counted, the server counted %d (%d are missing)",
				a.Type, a.Code, b.Acked, counted, missing)
		}
		given -= min(missing, given)
		if counted > b.Started {
			say(kindDoubled, "%s of %s: the clients recorded %d at most, the server counted %d (%d too many)",
				a.Type, a.Code, b.Started, counted, counted-b.Started)
		}
	}
	return found
}

// judgeDamaged judges a device whose directory was damaged: what is gone is
// gone, but nothing may be doubled, and a loss must be announced; and declared to
// the unit, if the books were not damaged.
func judgeDamaged(e damagedDevice) []violation {
	var found []violation
	say := func(kind violationKind, format string, arguments ...any) {
		found = append(found, violation{kind, e.Device, e.Directory, fmt.Sprintf(format, arguments...)})
	}
	l := e.Library
	if l.Pending != 0 {
		say(kindUnsettled, "%d operations are pending after the last submission (status %d)", l.Pending, l.Status)
	}
	if l.Recorded != l.Accepted+l.Pending+l.Lost {
		say(kindDisagreed, "recorded %d is not accepted %d + pending %d + lost %d", l.Recorded, l.Accepted,
			l.Pending, l.Lost)
	}
	// By code only: a type that a client defined may lose its name with a ledger.
	started, counted := map[account]int64{}, map[account]int64{}
	for a, b := range e.Clients {
		started[account{Code: a.Code}] += b.Started
	}
	for a, n := range e.Server {
		counted[account{Code: a.Code}] += n
	}
	for _, a := range sorted(counted) {
		if counted[a] > started[a] {
			say(kindDoubled, "%s: the clients recorded %d at most, the server counted %d (%d too many)",
				a.Code, started[a], counted[a], counted[a]-started[a])
		}
	}
	noted := e.bounds()
	missing := noted.Acked - e.total()
	if missing > 0 && !e.announced {
		say(kindUnannounced, "%d operations are gone, and neither a state flag nor an event says so", missing)
	}
	if e.kept && missing > l.Lost {
		say(kindLoss, "%d operations are gone, and the library declares %d lost", missing, l.Lost)
	}
	if e.kept && (l.Recorded < noted.Acked || l.Recorded > noted.Started) {
		say(kindDisagreed, "the clients recorded %d to %d operations, the library %d", noted.Acked,
			noted.Started, l.Recorded)
	}
	return found
}

func sorted[V any](accounts map[account]V) []account {
	return slices.SortedFunc(maps.Keys(accounts), func(a, b account) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Type, b.Type))
	})
}

// serverBooks is what `lts stats --by device,handshake,type --json` and
// `lts verify --json` print.
type serverBooks struct {
	Total int64 `json:"total"`
	Lost  int64 `json:"lost"`
	Rows  []struct {
		Device    string `json:"device"`
		Handshake string `json:"handshake"`
		Type      string `json:"type"`
		Count     int64  `json:"count"`
	} `json:"rows"`
	Verified struct {
		OK          bool  `json:"ok"`
		Reports     int64 `json:"reports"`
		Differences []any `json:"differences"`
	} `json:"-"`
}

// of is what the server counted of a device, which may have had several UUIDs.
func (s serverBooks) of(uuids ...string) map[account]int64 {
	counted := map[account]int64{}
	for _, row := range s.Rows {
		if slices.Contains(uuids, row.Device) {
			counted[account{row.Handshake, row.Type}] += row.Count
		}
	}
	return counted
}

// judgeServer compares the server's sums with each other, and its devices with
// those of the campaign. What was declared lost to it is what the devices gave up;
// damaged ones may not know of what they declared. former are UUIDs that a device
// had before its identity was removed.
func judgeServer(s serverBooks, devices []evidence, former map[string]string, damaged bool) []violation {
	var found []violation
	say := func(kind violationKind, format string, arguments ...any) {
		found = append(found, violation{Kind: kind, Text: fmt.Sprintf(format, arguments...)})
	}
	if !s.Verified.OK || len(s.Verified.Differences) > 0 {
		say(kindDisagreed, "lts verify finds differences: %v", s.Verified.Differences)
	}
	known := maps.Clone(former)
	var sum, given int64
	for _, e := range devices {
		if other, twice := known[e.Library.Device]; twice {
			say(kindDisagreed, "%s and %s have the same client UUID", other, e.Device)
		}
		known[e.Library.Device] = e.Device
		sum += e.total()
		given += e.Library.Expired
	}
	if s.Lost != given && !damaged {
		say(kindDisagreed, "the devices gave up %d operations as too old, the server noted %d as lost", given, s.Lost)
	}
	strangers := map[string]int64{}
	for _, row := range s.Rows {
		if _, ok := known[row.Device]; !ok {
			strangers[row.Device] += row.Count
		}
	}
	for _, uuid := range slices.Sorted(maps.Keys(strangers)) {
		say(kindDisagreed, "the server counted %d operations of %s, which is the client UUID of no device",
			strangers[uuid], uuid)
		sum += strangers[uuid]
	}
	if sum != s.Total {
		say(kindDisagreed, "the devices have %d operations in all, the server's total is %d", sum, s.Total)
	}
	return found
}
