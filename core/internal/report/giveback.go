package report

import (
	"context"
	"encoding/json"

	"github.com/openlts/openlts/core/protocol"
)

// GiveBack tells the server that a license was closed, by a batch without reports: the
// seat it took is free then, a little earlier than without. An error is of no
// consequence.
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

// tell tells the server how the device's account stands, by a batch without reports. An
// error is of no consequence: the next batch tells it, too.
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
