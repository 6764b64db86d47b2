package ledger

import (
	"context"
	"errors"

	"github.com/openlts/openlts/core/protocol"
)

// Failed is what a host is told of something that could not be read or written, or of a
// file beside the ledger. Who ran out of time, because others had the ledger or the caller
// had none to give, is told that, and not that something is broken: this is the one place
// where either is said.
func Failed(what string, err error) *protocol.Error {
	if errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return protocol.Errorf(protocol.StatusDeadlineExceeded,
			"%s was not done in time and can be tried again: %w", what, err)
	}
	return protocol.Errorf(protocol.StatusLicenseBufferFailed, "%s failed: %w", what, err)
}
