package main

import (
	"maps"
	"slices"
	"sync"
)

// fault is a kind of disturbance that the campaign injects.
type fault string

// What happens on the network, to one connection or request.
const (
	refused        fault = "connection refused"
	resetEarly     fault = "reset before the request's body"
	resetMiddle    fault = "reset within the request's body"
	halfRequest    fault = "half a request reaches the server"
	alteredRequest fault = "request altered on its way"
	lateRequest    fault = "request delayed"
	duplicated     fault = "request duplicated"
	replayed       fault = "request replayed later"
	answerDropped  fault = "answer lost after the commit"
	answerCut      fault = "answer cut"
	answerLate     fault = "answer delayed"
	answerAltered  fault = "answer altered on its way"
	answerStale    fault = "answer of another request"
	hungUp         fault = "connection closed after the answer"
	status502      fault = "502 of a proxy"
	status503      fault = "503 of a proxy"
	status429      fault = "429 with Retry-After"
	status413      fault = "413 of a proxy"
	loginPage      fault = "200 with a login page"
	redirected     fault = "302 to elsewhere"
	garbage        fault = "garbage instead of HTTP"
)

// What happens to processes.
const (
	clientKilled    fault = "client killed"
	familyKilled    fault = "client and its children killed"
	clientPaused    fault = "client stopped for a while"
	clientForked    fault = "client forked"
	clockForward    fault = "clock of a device set forward"
	clockBack       fault = "clock of a device set back"
	serverKilled    fault = "server killed and restarted"
	serverRestart   fault = "server ended and restarted"
	databaseKilled  fault = "database server killed and restarted"
	databaseRestart fault = "database server ended and restarted"
	clockOffline    fault = "clock of a device set while it is offline"
	holderKilled    fault = "client killed while it held the ledger"
	holderStopped   fault = "client stopped while it held the ledger"
	lockHeld        fault = "ledger held by a stranger"
	twoCopies       fault = "client with two copies of the library"
	fileReader      fault = "client that reads the directory's files"
	fewFiles        fault = "client with few descriptors"
	oddDirectory    fault = "directory with an odd name"
	fileDamaged     fault = "file of a dead device damaged"
	fileLost        fault = "files of a device removed or replaced in use"
)

// networkFaults are those the proxy injects.
var networkFaults = []fault{refused, resetEarly, resetMiddle, halfRequest, alteredRequest, lateRequest,
	duplicated, replayed,
	answerDropped, answerCut, answerLate, answerAltered, answerStale, hungUp, status502, status503,
	status429, status413,
	loginPage, redirected, garbage}

// habits are kinds that a client or a device has all its life. They are counted by
// kind, and not in the sum, which says how much was injected.
var habits = []fault{twoCopies, fileReader, fewFiles, oddDirectory}

// faultCount counts injected faults by kind. It may be used from any goroutine.
type faultCount struct {
	mu    sync.Mutex
	kinds map[fault]int64
	total int64
}

func (c *faultCount) add(kind fault, n int64) {
	if n == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = map[fault]int64{}
	}
	c.kinds[kind] += n
	if !slices.Contains(habits, kind) {
		c.total += n
	}
}

func (c *faultCount) sum() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

func (c *faultCount) of(kinds ...fault) (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, kind := range kinds {
		n += c.kinds[kind]
	}
	return n
}

func (c *faultCount) byKind() map[fault]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.kinds)
}

func sortedKinds(kinds map[fault]int64) []fault { return slices.Sorted(maps.Keys(kinds)) }
