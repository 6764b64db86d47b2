package client

import (
	"context"
	"sync"

	"github.com/openlts/openlts/core/protocol"
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

// maxEvents is how many events wait to be polled; then the oldest are dropped,
// because a host that does not poll must not make us grow.
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
