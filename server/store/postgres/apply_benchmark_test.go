package postgres_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// BenchmarkApply is a group of batches of known devices, each with new slots of one
// run: what a busy server commits.
func BenchmarkApply(b *testing.B) {
	for _, size := range []struct{ batches, reports int }{{50, 1}, {16, 100}} {
		b.Run(strconv.Itoa(size.batches)+"x"+strconv.Itoa(size.reports), func(b *testing.B) {
			s, err := postgres.Open(b.Context(), postgrestest.Database(b), true)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			benchmarkApply(b, s, size.batches, size.reports)
		})
	}
}

func benchmarkApply(b *testing.B, s store.Store, batches, reports int) {
	err := s.Update(b.Context(), func(tx store.Tx) error {
		if err := tx.AddOrganization(store.Organization{ID: "100001", Name: "x"}); err != nil {
			return err
		}
		if err := tx.AddHandshakeCode(store.HandshakeCode{Code: "c", Organization: "100001"}); err != nil {
			return err
		}
		return tx.AddItem(store.Item{
			ID: "i", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount, Quota: 1 << 50, ExpiresAt: 1 << 40,
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	var code, item store.ID
	devices := map[string]*store.DeviceState{}
	change := &store.Change{Known: devices, Grants: map[store.Grant]int64{}}
	err = s.Apply(b.Context(), &store.Keys{
		Codes: []string{"c"}, Counted: []store.Counted{{Item: "i"}},
	}, func(state *store.State) *store.Change {
		code, item = state.Codes["c"].Key, state.Items["i"].Key
		for range batches {
			id := uuid.NewString()
			devices[id] = &store.DeviceState{}
			change.Devices = append(change.Devices, store.Device{UUID: id})
			change.Grants[store.Grant{Device: id, Code: code, Item: item}] = 1
		}
		return change
	})
	if err != nil {
		b.Fatal(err)
	}
	run := uuid.NewString()
	now := time.Unix(1_800_000_000, 0)
	slot := int64(1_799_000_000 / 180 * 180)
	for b.Loop() {
		keys := &store.Keys{Now: now.Unix()}
		requests := make([]policy.Request, 0, batches)
		for id, device := range devices {
			group := protocol.ReportGroup{Run: run, HandshakeCode: "c", Item: "i", SlotSeconds: 180}
			for i := range int64(reports) {
				group.Reports = append(group.Reports, protocol.Report{
					Slot: slot + i*180, Revision: 1, Counts: map[string]int64{"QR_CODE": 3, "EAN_13": 2},
				})
			}
			batch := &protocol.ReportBatch{
				Batch: id, Device: id, SentAt: now.Unix(), Groups: []protocol.ReportGroup{group},
			}
			request := policy.NewBatch(batch, store.Reporter{Device: device.Key, UUID: id}, now)
			request.Require(keys)
			requests = append(requests, request)
		}
		err := s.Apply(b.Context(), keys, func(state *store.State) *store.Change {
			change, _ := policy.Apply(state, requests, now)
			return change
		})
		if err != nil {
			b.Fatal(err)
		}
		slot += int64(reports) * 180 % (180 * 5000)
	}
	b.ReportMetric(float64(batches*reports*b.N)/b.Elapsed().Seconds(), "reports/s")
}
