package ingest

import "sync"

// What one transaction processes: a limited amount of light requests, so that the first one does
// not wait too long, and one heavy request. So a sender of heavy requests, on any number of
// connections, makes nobody wait for more than two of them.
const (
	maxGroupWeight = 20_000
	maxLightWeight = 2_000
)

// queue holds requests until the next transaction. Light ones are in order of arrival. Heavy ones
// take turns by sender, so that a sender of several waits for senders of one.
type queue struct {
	mu     sync.Mutex
	filled sync.Cond // on mu: something was added, or the queue closed
	closed bool
	light  []*job
	heavy  []*job
	// turns has, for each sender of queued heavy requests, when it had its last turn.
	turns map[string]uint64
	turn  uint64
}

func newQueue() *queue {
	q := &queue{turns: map[string]uint64{}}
	q.filled.L = &q.mu
	return q
}

// add adds a request; false if the queue is closed.
func (q *queue) add(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if j.request.Weight() <= maxLightWeight {
		q.light = append(q.light, j)
	} else {
		q.heavy = append(q.heavy, j)
	}
	q.filled.Signal()
	return true
}

// close makes add refuse everything.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
}

// take waits for requests and takes a group of them; nil once the queue is closed
// and empty.
func (q *queue) take() (group []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.light)+len(q.heavy) == 0 {
		if q.closed {
			return nil
		}
		q.filled.Wait()
	}
	n := 0
	for weight := 0; n < len(q.light) && weight < maxGroupWeight; n++ {
		weight += q.light[n].request.Weight()
	}
	group = append(group, q.light[:n]...)
	clear(q.light[:n])
	if q.light = q.light[n:]; len(q.light) == 0 {
		q.light = nil
	}
	if j := q.takeHeavy(); j != nil {
		group = append(group, j)
	}
	return group
}

// takeHeavy takes the first request of the sender whose last turn is the longest
// ago.
func (q *queue) takeHeavy() *job {
	if len(q.heavy) == 0 {
		clear(q.turns)
		return nil
	}
	first := 0
	for i, j := range q.heavy {
		if q.turns[j.request.Sender()] < q.turns[q.heavy[first].request.Sender()] {
			first = i
		}
	}
	taken := q.heavy[first]
	q.heavy = append(q.heavy[:first:first], q.heavy[first+1:]...)
	q.turn++
	q.turns[taken.request.Sender()] = q.turn
	return taken
}
