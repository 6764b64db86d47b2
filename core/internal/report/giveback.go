package report

import (
	"context"
	"encoding/json"

	"github.com/openlts/openlts/core/protocol"
)

// GiveBack tells the server that a license was closed, by a batch without reports, so that its seat
// is free a little earlier than it would be otherwise. Callers may ignore the error.
func (s *Submitter) GiveBack(ctx context.Context, closed protocol.ClosedLicense) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return errDeadline
	}
	defer func() { <-s.turn }()
	batch, _ := s.batch(nil)
	batch.Closed = []protocol.ClosedLicense{closed}
	return s.sendBare(ctx, batch)
}

// tell sends the server the device's account, in a batch without reports. Callers may ignore the
// error, because the next batch contains the account, too.
func (s *Submitter) tell(ctx context.Context) error {
	account, err := s.Ledger.DeviceAccount(ctx, s.LTS)
	if err != nil {
		return err
	}
	batch, _ := s.batch(nil)
	batch.Account = &account
	return s.sendBare(ctx, batch)
}

// sendBare sends a batch without reports.
func (s *Submitter) sendBare(ctx context.Context, batch *protocol.ReportBatch) error {
	batch.Groups = []protocol.ReportGroup{}
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	_, err = s.post(ctx, batch.Batch, body)
	return err
}
