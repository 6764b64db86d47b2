package report

import (
	"context"

	"github.com/openlts/openlts/core/internal/tally"
)

// CountUnder continues the run under another account: it seals what was counted until now under the
// former account, and what comes from now on counts under the new one. The hot path notices
// nothing. Operations that are recorded in that instant count once, under one or the other.
func (s *Sealer) CountUnder(ctx context.Context, account tally.Account) error {
	if _, err := s.SealSlots(ctx, func(int64) bool { return true }); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	if err := s.ledger.MoveRun(ctx, s.tally, account.HandshakeCode, account.Item); err != nil {
		return err
	}
	s.tally.CountUnder(account)
	return nil
}

// Rekey makes the submitter authenticate reports with another key from now on, including those that
// are pending: the key that was valid when they were counted does not matter.
func (s *Submitter) Rekey(ctx context.Context, key Key) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return errDeadline
	}
	s.Key = key
	<-s.turn
	return nil
}
