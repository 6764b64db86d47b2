package client

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Event is something that happened to a license.
type Event struct {
	Kind    protocol.EventKind
	Status  protocol.Status
	Flags   protocol.StateFlag
	Time    int64 // seconds since 1970
	Units   int64
	Message string
}

// maxEvents is how many events wait to be polled. Beyond that the oldest are dropped, so that a
// host that does not poll uses no memory without bound.
const maxEvents = 256

// events is a bounded queue. Its zero value is not usable; see newEvents.
type events struct {
	mu      sync.Mutex
	waiting []Event
	arrived chan struct{} // holds a token while there may be something to take
	closed  chan struct{}
}

func newEvents() *events {
	return &events{arrived: make(chan struct{}, 1), closed: make(chan struct{})}
}

func (q *events) put(e Event) {
	q.mu.Lock()
	if len(q.waiting) == maxEvents {
		q.waiting = q.waiting[1:]
	}
	q.waiting = append(q.waiting, e)
	q.mu.Unlock()
	q.wake()
}

func (q *events) wake() {
	select {
	case q.arrived <- struct{}{}:
	default:
	}
}

// take waits for an event until ctx or the license ends.
func (q *events) take(ctx context.Context) (Event, bool) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			e := q.waiting[0]
			q.waiting = q.waiting[1:]
			more := len(q.waiting) > 0
			q.mu.Unlock()
			if more {
				q.wake() // another waiter may take it
			}
			return e, true
		}
		q.mu.Unlock()
		select {
		case <-q.arrived:
		case <-q.closed:
			return Event{}, false
		case <-ctx.Done():
			return Event{}, false
		}
	}
}

// Poll waits for the next event until ctx ends or the license is closed.
func (l *License) Poll(ctx context.Context) (Event, bool) { return l.meter.events.take(ctx) }

// notices are what a license tells its host: state flags and events.
type notices struct {
	clock  slot.Clock
	flags  atomic.Uint32
	events *events
}

func (n *notices) setFlag(flag protocol.StateFlag) (changed bool) {
	return protocol.StateFlag(n.flags.Or(uint32(flag)))&flag != flag
}

func (n *notices) clearFlag(flag protocol.StateFlag) { n.flags.And(^uint32(flag)) }

func (n *notices) event(kind protocol.EventKind, status protocol.Status, units int64, message string) {
	n.events.put(Event{Kind: kind, Status: status, Flags: protocol.StateFlag(n.flags.Load()),
		Time: n.clock.Now().Unix(), Units: units, Message: message})
}

// contained tells the host about a panic. Call it in the deferred function that recovered cause.
func (n *notices) contained(cause any) {
	n.event(protocol.EventKindInternalError, protocol.StatusInternal, 0, Describe(cause))
}
