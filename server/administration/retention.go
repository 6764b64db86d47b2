package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/store"
)

// maxRetentionDays is more than any law asks for.
const maxRetentionDays = 36_500

// SetRetention sets how many days records are kept; 0: for ever.
func (a *Administrator) SetRetention(ctx context.Context, record store.Record, days int64) error {
	if err := a.may(Owner); err != nil {
		return err
	}
	if !slices.Contains(store.Records, record) {
		return invalid("record", "there are no records %.40q; choose from %v", string(record), store.Records)
	}
	if days < 0 || days > maxRetentionDays {
		return invalid("days", "records are kept for 1 to %d days, or 0 for ever, not %d", maxRetentionDays, days)
	}
	if record == store.RecordReceived && days > 0 && days < retention.MinReportDays {
		return invalid("days", "reports are kept for at least %d days: devices may report for 30 days",
			retention.MinReportDays)
	}
	if record == store.RecordSeats && days > 0 && days < retention.MinSeatDays {
		return invalid("days", "seats are kept for at least %d days: exceptions are counted over so many",
			retention.MinSeatDays)
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.SetRetention(record, days); err != nil {
			return err
		}
		return a.audit(tx, "retention.set", string(record), "%d days", days)
	})
}

// Retention is for how many days records of a kind are kept.
type Retention struct {
	Record store.Record `json:"record"`
	Days   int64        `json:"days"` // 0: for ever
}

// Retentions says how long records of each kind are kept.
func (a *Administrator) Retentions(ctx context.Context) ([]Retention, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	days, err := a.Store.Retention(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Retention, len(store.Records))
	for i, record := range store.Records {
		list[i] = Retention{record, days[record]}
	}
	return list, nil
}
