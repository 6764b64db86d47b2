package server_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/store"
)

// A server folds what came into sums, up to half an hour ago by its own clock.
func TestSumsAreFolded(t *testing.T) {
	l := start(t)
	l.midday()
	device := l.device()
	granted(t, device, "100001-reader")
	for _, ago := range []int64{40, 1} { // slots
		_, err := device.Report(device.Batch(group(uuid.NewString(), "100001-reader", "scans",
			protocol.Report{Slot: l.slotStart(ago), Revision: 1, Counts: map[string]int64{"QR_CODE": 2 + ago}})))
		check(t, err)
	}
	// The first one folds again only after a while, but one that starts folds at once.
	another, err := server.New(t.Context(), server.Config{Store: l.store, Now: l.clock, Log: l.log})
	check(t, err)
	defer func() { check(t, another.Shutdown(t.Context())) }()

	// In the hour before this one, nothing was counted.
	want := l.clock().Truncate(time.Hour).Add(-time.Hour).Unix()
	for folded := int64(0); folded < want; time.Sleep(5 * time.Millisecond) {
		check(t, l.store.Examine(t.Context(), func(e store.Examination) (err error) {
			if folded, err = e.Folded(); folded > want {
				t.Fatalf("folded before %d, not %d", folded, want)
			}
			return err
		}))
	}
	told, err := l.store.Statistics(t.Context(), store.StatisticsQuery{By: []store.Column{store.BySlot}})
	if err != nil || len(told.Rows) != 2 || told.Rows[0].Count != 42 || told.Rows[1].Count != 3 {
		t.Errorf("%+v, %v", told.Rows, err)
	}
}
