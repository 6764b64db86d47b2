package ledger

import (
	"context"
	"errors"

	"github.com/openlts/openlts/core/protocol"
)

// Failed is the error for a host if the ledger, or a file beside it, could not be read or written.
// If time ran out, because others held the ledger or the caller gave no time, it says so, and not
// that something is broken. Only this function makes that distinction.
func Failed(what string, err error) *protocol.Error {
	if errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return protocol.Errorf(protocol.StatusDeadlineExceeded,
			"%s was not done in time and can be tried again: %w", what, err)
	}
	return protocol.Errorf(protocol.StatusLicenseBufferFailed, "%s failed: %w", what, err)
}
