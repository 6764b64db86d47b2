package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/openlts/openlts/conformance/attack/books"
	"github.com/openlts/openlts/conformance/attack/tracer"
	"github.com/openlts/openlts/core/protocol"
)

// evidence is all that is known of one attack in the end.
type evidence struct {
	Reached  bool               `json:"reached"` // the point
	Where    string             `json:"where"`
	Status   syscall.WaitStatus `json:"status"` // how the victim ended
	Hung     bool               `json:"hung"`
	Took     time.Duration      `json:"took"`
	Noted    books.Page         `json:"noted"` // by all processes of the directory
	Said     books.Statement    `json:"said"`  // by the victim
	Settled  books.Statement    `json:"settled"`
	Settling syscall.WaitStatus `json:"settling"` // how the settling process ended
	// Beside is what the process beside the victim said, if there was one, and
	// Accompanying how it ended.
	Beside       books.Statement    `json:"beside"`
	Accompanying syscall.WaitStatus `json:"accompanying"`
	// Complaints are what processes wrote to their standard error.
	Complaints string  `json:"complaints,omitempty"`
	Server     counted `json:"server"`
}

// statements are those of all processes.
func (e *evidence) statements() []books.Statement {
	return []books.Statement{e.Said, e.Beside, e.Settled}
}

// kindOf a violation.
type kindOf string

const (
	loss       kindOf = "loss"       // acknowledged, not counted, and nothing was told
	doubled    kindOf = "doubled"    // counted, and never recorded
	disagreed  kindOf = "disagreed"  // books that do not hold
	misbehaved kindOf = "misbehaved" // a crash, a hang, noise
	unsettled  kindOf = "unsettled"  // something is left although nothing disturbs
)

// violation of what is promised.
type violation struct {
	Kind kindOf `json:"kind"`
	Text string `json:"text"`
}

// verdict about an attack.
type verdict struct {
	Violations []violation `json:"violations,omitempty"`
	// Volatile is what is not counted of what was acknowledged after the library
	// told that usage is in memory.
	Volatile int64 `json:"volatile,omitempty"`
}

func (v *verdict) say(kind kindOf, format string, arguments ...any) {
	v.Violations = append(v.Violations, violation{kind, fmt.Sprintf(format, arguments...)})
}

// storageFlags tell that the storage failed.
const storageFlags = int64(protocol.StateFlagStorageDegraded | protocol.StateFlagStorageRecovered |
	protocol.StateFlagUsageLost)

// told tells whether the host heard of a failure of its storage, while it was
// attacked or when its directory was settled.
func (e *evidence) told() bool { return e.Noted.Told > 0 || e.Noted.Flags&storageFlags != 0 }

// judge compares what victims, library and server say.
func judge(e *evidence) *verdict {
	v := &verdict{}
	v.processes(e)
	v.account(e)
	v.alarm(e)
	for i, name := range books.Types {
		n, counted := e.Noted.Types[i], e.Server.ByType[name]
		if counted > n.Begun {
			v.say(doubled, "%s: %d were recorded at most, the server counted %d (%d too many)", name, n.Begun, counted,
				counted-n.Begun)
		}
		if missing := n.Submitted - counted; missing > 0 {
			v.say(loss, "%s: of %d nothing is left to be submitted, and the server counted %d (%d are missing)",
				name, n.Submitted, counted, missing)
		} else if missing := n.Acknowledged - counted; missing > 0 {
			v.say(loss, "%s: %d are said to be counted, the server counted %d (%d are missing)", name, n.Acknowledged,
				counted, missing)
		}
		v.Volatile += max(0, n.Volatile-max(0, counted-n.Acknowledged))
	}
	for name, counted := range e.Server.ByType {
		if !known(name) {
			v.say(doubled, "%s: nobody recorded any, the server counted %d", name, counted)
		}
	}
	for _, difference := range e.Server.Differences {
		v.say(disagreed, "the server's totals are not those of its reports: %s", difference)
	}
	return v
}

func known(name string) bool {
	for _, each := range books.Types {
		if each == name {
			return true
		}
	}
	return false
}

// longest is how long a call of the library may take, whatever the store does.
const longest = time.Minute

// processes judges how they behaved.
func (v *verdict) processes(e *evidence) {
	switch {
	case e.Hung:
		v.say(misbehaved, "the victim had not ended after %s", allowed)
	case e.Status.Exited() && e.Status.ExitStatus() != 0, e.Status.Signaled() && !killed(e.Status):
		v.say(misbehaved, "the victim ended with %s", ending(e.Status))
	}
	if e.Accompanying != 0 {
		v.say(misbehaved, "the process beside the victim ended with %s", ending(e.Accompanying))
	}
	if e.Settling != 0 {
		v.say(misbehaved, "the process that settles ended with %s", ending(e.Settling))
	}
	if e.Complaints != "" {
		v.say(misbehaved, "something was written to the standard error: %.2000s", e.Complaints)
	}
	for _, statement := range e.statements() {
		for _, failure := range statement.Failures {
			if failure.Doing == "open" {
				v.say(misbehaved, "the license did not open: %s %s", failure.Status, failure.Message)
			}
		}
		if statement.Restless {
			v.say(misbehaved, "the license did not come to rest")
		}
		if l := statement.Longest; l.Seconds > longest.Seconds() {
			v.say(misbehaved, "%s took %.1f s", l.Doing, l.Seconds)
		}
		for _, event := range statement.Events {
			if strings.Contains(event.Message, "contained a failure") {
				v.say(misbehaved, "a panic was contained: %s", event.Message)
			}
		}
	}
}

func ending(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("signal %d (%s)", int(status.Signal()), status.Signal())
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

// alarm looks for damage that the library believes in, which there is not: calls
// that fail damage nothing.
func (v *verdict) alarm(e *evidence) {
	if e.Noted.Flags&int64(protocol.StateFlagStorageRecovered|protocol.StateFlagUsageLost) == 0 {
		return
	}
	var messages []string
	for _, statement := range e.statements() {
		for _, event := range statement.Events {
			if event.Status == protocol.StatusLicenseBufferFailed.Name() {
				messages = append(messages, event.Message)
			}
		}
	}
	v.say(misbehaved, "a sound store was taken for a damaged one: %q", messages)
}

// account judges what the library says of itself.
func (v *verdict) account(e *evidence) {
	for _, statement := range e.statements() {
		for _, a := range statement.Accounts {
			if a.Recorded != a.Accepted+a.Pending+a.Lost {
				v.say(disagreed, "recorded %d is not accepted %d + pending %d + lost %d", a.Recorded, a.Accepted,
					a.Pending, a.Lost)
			}
		}
	}
	if len(e.Settled.Accounts) == 0 {
		v.say(unsettled, "the process that settles could not say its account: %+v", e.Settled.Failures)
		return
	}
	for _, failure := range e.Settled.Failures {
		v.say(unsettled, "%s failed when nothing disturbed: %s %s", failure.Doing, failure.Status, failure.Message)
	}
	a := e.Settled.Accounts[len(e.Settled.Accounts)-1]
	if a.Pending != 0 {
		v.say(unsettled, "%d are pending after the last submission", a.Pending)
	}
	if total := e.Server.ByDevice[e.Settled.Device]; total != a.Accepted && !e.told() {
		v.say(disagreed, "the library says %d were accepted, the server counted %d of the device, and nothing was told",
			a.Accepted, total)
	}
	if a.Lost != 0 {
		v.say(loss, "%d are declared lost, which nothing damaged", a.Lost)
	}
}

// hung tells whether an error says that a process did not end.
func hung(err error) bool { return errors.Is(err, tracer.ErrHung) }
