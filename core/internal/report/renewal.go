package report

import (
	"context"

	"github.com/openlts/openlts/core/internal/tally"
)

// CountUnder lets the run go on under another account: what was counted until now is
// sealed under the former one, and what comes from now on counts under the new one.
// The hot path notices nothing. What is on its way in that instant counts under the
// one or the other, once.
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

// Rekey makes the submitter authenticate reports by another key from now on, those
// that are pending, too: which key it was when they were counted is of no account.
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
