package api

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// readiness remembers whether the server was ready at the last request, and why not. Load balancers
// and standby servers ask every second, so only changes are logged.
type readiness struct {
	mu  sync.Mutex
	why string // a kind of error; "": it was ready
}

// saw notes an answer, and logs it if it differs from the last one.
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

// whyUnready is the kind of an error, without details, such as how long the server waited, that
// differ each time.
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

// unready is the error "not ready", which has been logged.
type unready struct{ error }

func (u unready) Unwrap() error { return u.error }
