// Package ingest brings requests to the database: it decides authorizations and report batches in
// groups and commits them. A group is everything that was queued while the previous groups were
// processed: the store loads what they need, policy decides, the store saves, and each request is
// answered after the commit. So many requests share one write to the disk, and each is durable
// before it is answered. The store isolates groups from each other. This package has no rules.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// ErrClosed is the error of a request that came after Close.
var ErrClosed = errors.New("the server is shutting down")

// Writer applies authorizations and report batches. Its methods may be called
// from any goroutine and return when the outcome is durable.
type Writer struct {
	store store.Store
	now   func() time.Time
	log   *slog.Logger
	// trustClock makes it serve even if the clock is behind what is stored.
	trustClock bool

	// disk is the disk error of the last group, if it had one.
	disk atomic.Pointer[diskError]
	// leapt is set after a warning that the clock leapt ahead.
	leapt atomic.Bool

	queue   *queue
	writing sync.WaitGroup
}

// job is one request in the queue.
type job struct {
	request policy.Request
	answer  policy.Answer // valid if result is nil
	result  chan error
}

// groupsAtOnce is how many groups are processed at the same time: while the disk writes one, the
// next one is decided.
const groupsAtOnce = 2

// NewWriter starts writing; Close ends it. now is the clock.
func NewWriter(s store.Store, now func() time.Time, log *slog.Logger) *Writer {
	return newWriter(s, now, log, false)
}

// NewTrustingWriter is NewWriter with a clock that is known to be right, even if it is behind what
// is stored because it was wrong before.
func NewTrustingWriter(s store.Store, now func() time.Time, log *slog.Logger) *Writer {
	return newWriter(s, now, log, true)
}

func newWriter(s store.Store, now func() time.Time, log *slog.Logger, trustClock bool) *Writer {
	w := &Writer{store: s, now: now, log: log, trustClock: trustClock, queue: newQueue()}
	for range groupsAtOnce {
		w.writing.Go(w.write)
	}
	return w
}

// Close ends the writer after everything queued is done.
func (w *Writer) Close() {
	w.queue.close()
	w.writing.Wait()
}

// Authorize decides on a request and stores the decision: the device, its key and its seat, or the
// denial. The answer is the authorization, or the refusal with a status from -20101 to -20199, or
// what has to be found out first. The error is that of the database. The request must be well
// formed.
func (w *Writer) Authorize(asking *policy.Asking) (policy.Answer, error) { return w.do(asking) }

// Reports counts the reports of a batch, each exactly once, and returns the receipt, without its
// digest. The reporter has authenticated the batch. A report that can't be counted is an exception
// in the receipt and does not affect the others. The error is a failure of the database; then
// nothing was counted.
func (w *Writer) Reports(batch *protocol.ReportBatch, reporter store.Reporter) (*protocol.Receipt, error) {
	answer, err := w.do(policy.NewBatch(batch, reporter, w.now()))
	if err != nil {
		return nil, err
	}
	return answer.Receipt, answer.Refusal
}

// do queues a request and waits for its commit. A caller that goes away does not
// change what happens to it.
func (w *Writer) do(request policy.Request) (policy.Answer, error) {
	j := &job{request: request, result: make(chan error, 1)}
	if !w.queue.add(j) {
		return policy.Answer{}, ErrClosed
	}
	err := <-j.result
	return j.answer, err
}

func (w *Writer) write() {
	for group := w.queue.take(); group != nil; group = w.queue.take() {
		w.commit(group)
	}
}

func (w *Writer) commit(group []*job) {
	err := w.apply(group)
	if err != nil && len(group) > 1 && !errors.Is(err, store.ErrUnavailable) {
		// One of them made the whole group fail: try each alone.
		for _, j := range group {
			j.result <- w.apply([]*job{j})
		}
		return
	}
	for _, j := range group {
		j.result <- err
	}
}

// apply decides on jobs in one transaction. A panic in one of them is an error of
// the group, not the end of the server.
func (w *Writer) apply(group []*job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			panics.Caught(w.log, panics.Writer, p)
			err = fmt.Errorf("panic while writing: %v", p)
		}
	}()
	now := w.now()
	keys := &store.Keys{Now: now.Unix()}
	requests := make([]policy.Request, len(group))
	for i, j := range group {
		requests[i] = j.request
		j.request.Require(keys)
	}
	var answers []policy.Answer
	err = w.store.Apply(context.Background(), keys, func(state *store.State) (change *store.Change) {
		if w.trustClock {
			state.Latest = 0
		}
		w.checkLeap(state.Latest, now)
		change, answers = policy.Apply(state, requests, now)
		return change
	})
	switch {
	case errors.Is(err, store.ErrDisk):
		w.disk.Store(&diskError{err, w.now()})
		return err
	case err != nil:
		return err
	}
	w.disk.Store(nil)
	for i, j := range group {
		j.answer = answers[i]
	}
	return nil
}

// diskError is an error of the disk and when it happened.
type diskError struct {
	err error
	at  time.Time
}

// diskErrorHolds is how long a disk counts as failed after an error. After that, a request has to
// try it, because otherwise nobody would notice that it works again.
const diskErrorHolds = 30 * time.Second

// DiskError is the recent disk error because of which the last group was not stored, if there is
// one.
func (w *Writer) DiskError() error {
	if last := w.disk.Load(); last != nil && w.now().Sub(last.at).Abs() < diskErrorHolds {
		return last.err
	}
	return nil
}

// maxIdle is the longest plausible time in which nothing is stored.
const maxIdle = 90 * 24 * time.Hour

// checkLeap warns once if the clock is far ahead of what was stored last: either nothing happened
// for long, or the clock is wrong and authorizations granted now last too long.
func (w *Writer) checkLeap(latest int64, now time.Time) {
	if idle := now.Sub(time.Unix(latest, 0)); latest > 0 && idle > maxIdle && w.leapt.CompareAndSwap(false, true) {
		w.log.Warn("the server's clock may be far ahead: nothing was stored for long before now; if it is wrong, stop "+
			"the server and set it right",
			"clock", now.UTC().Format(time.RFC3339), "stored last", time.Unix(latest, 0).UTC().Format(time.RFC3339))
	}
}
