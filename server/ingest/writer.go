// Package ingest is how requests reach the database: authorizations and report
// batches, committed in groups. One goroutine writes. It takes everything that
// was queued while the last commit ran, applies it in one transaction, and
// answers after the commit: many requests share one write to the disk, and none
// is answered before what it says is durable.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/openlts/openlts/server/store"
)

// A group is closed when it holds this much, so that the first to come does not
// wait for ever. A request weighs one, and one more for each report.
const maxGroupWeight = 20_000

// queueLength is how many requests wait before senders are held up.
const queueLength = 1024

// ErrClosed is the error of a request that came after Close.
var ErrClosed = errors.New("the server is shutting down")

// Writer applies authorizations and report batches. Its methods may be called
// from any goroutine and return when the outcome is durable.
type Writer struct {
	store store.Store
	now   func() time.Time
	log   *slog.Logger

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
	queue  chan *job
	done   chan struct{} // closed when the writing goroutine has ended
}

// job is one request in the queue. apply may run several times, each time in
// another transaction: it begins its outcome anew.
type job struct {
	weight int
	apply  func(store.Tx) error
	result chan error
}

// NewWriter starts the writing goroutine; Close ends it. now is the clock.
func NewWriter(s store.Store, now func() time.Time, log *slog.Logger) *Writer {
	w := &Writer{store: s, now: now, log: log, queue: make(chan *job, queueLength), done: make(chan struct{})}
	go w.write()
	return w
}

// Close ends the writer after everything queued is done.
func (w *Writer) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

// do queues a request and waits for its commit. A caller that goes away does not
// change what happens to it.
func (w *Writer) do(weight int, apply func(store.Tx) error) error {
	j := &job{weight: weight, apply: apply, result: make(chan error, 1)}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return ErrClosed
	}
	w.queue <- j
	w.mu.RUnlock()
	return <-j.result
}

func (w *Writer) write() {
	defer close(w.done)
	for first := range w.queue {
		group := []*job{first}
		for weight := first.weight; weight < maxGroupWeight; {
			var next *job
			select {
			case next = <-w.queue: // nil if it is closed and empty
			default:
			}
			if next == nil {
				break
			}
			group = append(group, next)
			weight += next.weight
		}
		w.commit(group)
	}
}

func (w *Writer) commit(group []*job) {
	err := w.apply(group)
	if err != nil && len(group) > 1 {
		// One of them failed and took the others with it: each on its own.
		for _, j := range group {
			j.result <- w.apply([]*job{j})
		}
		return
	}
	for _, j := range group {
		j.result <- err
	}
}

// apply runs jobs in one transaction. A panic in one of them is an error of the
// group, not the end of the server.
func (w *Writer) apply(group []*job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("panic while writing", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic while writing: %v", p)
		}
	}()
	return w.store.Update(context.Background(), func(tx store.Tx) error {
		for _, j := range group {
			if err := j.apply(tx); err != nil {
				return err
			}
		}
		return nil
	})
}
