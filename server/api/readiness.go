package api

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// readiness remembers whether the server was ready when it was last asked, and why not.
// Load balancers and standby servers ask every second: the log tells what changes.
type readiness struct {
	mu  sync.Mutex
	why string // a sort of error; "": it was ready
}

// saw takes note of an answer, and logs it if it is another one than before.
func (r *readiness) saw(err error, log *slog.Logger) {
	why := whyUnready(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if why == r.why {
		return
	}
	r.why = why
	if err != nil {
		log.Error("not ready; that is logged once, until it changes", "error", err)
	} else {
		log.Info("ready again")
	}
}

// whyUnready is the sort of an error: what it says in detail, such as how long was
// waited, may differ from one time to the next.
func whyUnready(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errDisk), errors.Is(err, store.ErrDisk):
		return "disk"
	case errors.Is(err, policy.ErrClock):
		return "clock"
	case errors.Is(err, store.ErrUnavailable):
		return "database"
	}
	return "other"
}

// unready is an answer to who asked whether the server is ready: it was logged.
type unready struct{ error }

func (u unready) Unwrap() error { return u.error }
