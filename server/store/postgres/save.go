package postgres

import (
	"fmt"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// saving writes a change: one statement per table, with sorted rows, and the tables always in the
// same order, so that groups don't wait for each other in a circle. The rows that most groups
// change, totals and the use of items, come last. SQLite shares none of this, because it has
// neither round trips nor concurrent groups.
type saving struct {
	*loading
	change *store.Change
	// runs are the new runs, by what they are remembered by once all is committed.
	runs map[string]store.ID
	// newTypes are the keys of operation types that were not known, likewise.
	newTypes map[string]int64
	// totals are those of the change, by how much time they sum up.
	totals map[store.Level]map[store.TotalKey]store.Units
}

// save writes and commits it.
func (s *saving) save() error {
	// Rows that get their key from the database come first.
	named := &batch{}
	for _, queue := range []func(*batch) error{s.queueDevices, s.queueNewRuns, s.queueNewTypes} {
		if err := queue(named); err != nil {
			return err
		}
	}
	if named.Len() > 0 {
		if err := named.send(s.ctx, s.conn); err != nil {
			return err
		}
	}
	b := &batch{}
	for _, queue := range []func(*batch) error{
		s.queueKeys, s.queueNewGrants, s.queueNewTrials, s.queueNewSums, s.queueNewSeats, s.queueNewSteps,
		s.queueNewDomains, s.queueNewAccounts, s.queueCloned, s.queueAnomalies, s.queueDenials, s.queueDenialTotals,
		s.queueReceived, s.queueChanged, s.queueLosses, s.queueTypes, s.queueDeviceTotals,
		// Last what all servers add to: each waits for the others from here to the commit. Slots come
		// first, because groups may be about different ones; then what only this server adds to.
		s.queueSlotTotals, s.queueOrganizationTotals, s.queueLongerTotals, s.queueUsed,
	} {
		if err := queue(b); err != nil {
			return err
		}
	}
	b.exec(`COMMIT`)
	return b.send(s.ctx, s.conn)
}

// remember remembers what is valid after the commit.
func (s *saving) remember() {
	for name, key := range s.runs {
		s.catalog.runs.Put(name, key)
	}
	s.s.types.add(s.newTypes)
}

// deviceKey returns the key of a device by its UUID.
func (s *saving) deviceKey(uuid string) (int64, error) {
	if device := s.change.Known[uuid]; device != nil && device.Key != 0 {
		return int64(device.Key), nil
	}
	return 0, fmt.Errorf("there is no device %s: %w", uuid, store.ErrNotFound)
}

// columns are rows of numbers, by column, as arguments of unnest.
type columns [][]int64

// sortedColumns sorts rows and turns them into columns.
func sortedColumns(rows [][]int64, width int) columns {
	slices.SortFunc(rows, slices.Compare)
	c := make(columns, width)
	for i := range c {
		c[i] = make([]int64, len(rows))
		for j, row := range rows {
			c[i][j] = row[i]
		}
	}
	return c
}

func (c columns) arguments() []any {
	arguments := make([]any, len(c))
	for i := range c {
		arguments[i] = c[i]
	}
	return arguments
}

// typeKey returns the key of a known operation type.
func (s *saving) typeKey(name string) int64 {
	if key, ok := s.newTypes[name]; ok {
		return key
	}
	return s.s.types.key(name)
}
