package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
)

// The bytes that are read and processed at the same time are limited, so that a server with 512 MB
// survives any bodies it is sent. Small bodies do not count; the number of connections limits them.
// A slot stands for the largest body.
const (
	smallBody    = 32 << 10
	largeBodies  = 64 // read at the same time, from devices
	strangeLarge = 8  // from senders without a key, whose honest bodies are small
	largeOfOne   = 4  // from one device key, or one network without a key, so that nobody blocks others
	largeBatches = 12 // decoded and on their way to the database
	slotPatience = 10 * time.Second
)

// slots limit how much is done at the same time.
type slots chan struct{}

// take waits in order for a slot and takes it; release releases it.
func (s slots) take(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(slotPatience)
	defer timer.Stop()
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-timer.C:
		return nil, busy(slotPatience)
	case <-ctx.Done():
		return nil, busy(slotPatience)
	}
}

// begin takes a slot for a body of this size, unless it is a small one.
func (s slots) begin(ctx context.Context, size int) (release func(), err error) {
	if size <= smallBody {
		return func() {}, nil
	}
	return s.take(ctx)
}

// bodies are the slots for reading large bodies, and how many of them each sender has.
type bodies struct {
	slots slots

	mu  sync.Mutex
	own map[string]int
}

func newBodies(slotsInAll int) *bodies {
	return &bodies{slots: make(slots, slotsInAll), own: map[string]int{}}
}

// take takes a slot for a sender, unless the sender has its share.
func (b *bodies) take(ctx context.Context, sender string) (release func(), err error) {
	if !b.add(sender, 1) {
		return nil, busy(slotPatience)
	}
	giveBack, err := b.slots.take(ctx)
	if err != nil {
		b.add(sender, -1)
		return nil, err
	}
	return func() {
		giveBack()
		b.add(sender, -1)
	}, nil
}

func (b *bodies) add(sender string, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch now := b.own[sender] + n; {
	case now > largeOfOne:
		return false
	case now == 0:
		delete(b.own, sender)
	default:
		b.own[sender] = now
	}
	return true
}

// read reads a body of at most limit bytes. It takes a slot only once more than a small body has
// arrived, so that announcing a large body takes none.
func (b *bodies) read(w http.ResponseWriter, r *http.Request, limit int64,
	sender string) (body []byte, release func(), err error) {
	release = func() {}
	if r.ContentLength > limit {
		return nil, nil, tooLarge(limit)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength+1, 512), smallBody+1)))
	from := http.MaxBytesReader(w, r.Body, limit)
	_, err = io.Copy(buffer, io.LimitReader(from, smallBody+1))
	if err == nil && buffer.Len() > smallBody {
		if release, err = b.take(r.Context(), sender); err != nil {
			return nil, nil, err
		}
		buffer.Grow(int(max(r.ContentLength, 2*smallBody)) - buffer.Len() + 512)
		_, err = io.Copy(buffer, from)
	}
	if err == nil {
		return buffer.Bytes(), release, nil
	}
	release()
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, nil, tooLarge(limit)
	}
	return nil, nil, policy.Malformed("the body could not be read: %w", err)
}

func tooLarge(limit int64) error {
	return protocol.Errorf(protocol.StatusRequestTooLarge, "The request is too large: more than %d bytes.", limit)
}

// limited is the error of a request that the client should send again later.
type limited struct {
	error
	after time.Duration
}

func (l *limited) Unwrap() error { return l.error }

func busy(after time.Duration) error {
	return &limited{protocol.Errorf(protocol.StatusRequestRateLimited,
		"The License Tracking Server is busy. Try again later."), after}
}

// decode reads one JSON value and nothing after it. It ignores unknown fields, because newer
// clients may send more.
func decode(body []byte, value any) error {
	if err := json.Unmarshal(body, value); err != nil {
		return policy.Malformed("the body is not the JSON expected: %w", err)
	}
	return nil
}
