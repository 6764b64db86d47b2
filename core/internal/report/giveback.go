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
	batch.Groups = []protocol.ReportGroup{}
	batch.Closed = []protocol.ClosedLicense{closed}
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	_, err = s.post(ctx, batch.Batch, body)
	return err
}
