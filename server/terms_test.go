package server_test

import (
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// Whatever terms of an item change, what is remembered of its seats and exceptions is
// what its seats give.
func TestExceptionsOfAChangedItem(t *testing.T) {
	of := func(n int64) *int64 { return &n }
	for name, change := range map[string]func(l *lts, f *administration.ItemFields){
		"a larger quota": func(_ *lts, f *administration.ItemFields) { f.Quota = of(2) },
		"without quota":  func(_ *lts, f *administration.ItemFields) { f.Quota = of(store.Unlimited) },
		"an earlier start": func(l *lts, f *administration.ItemFields) {
			f.StartsAt = of(l.clock().AddDate(0, 0, -400).Unix())
		},
		"a start of today": func(l *lts, f *administration.ItemFields) {
			f.StartsAt = of(l.clock().Add(-10 * time.Minute).Unix())
		},
		"a smaller quota": func(_ *lts, f *administration.ItemFields) { f.Quota = of(1) },
		"a start to come": func(l *lts, f *administration.ItemFields) {
			f.StartsAt = of(l.clock().AddDate(0, 0, 10).Unix())
		},
		"no change": func(_ *lts, f *administration.ItemFields) { f.Name = new("Busy") },
		"a later end": func(l *lts, f *administration.ItemFields) {
			f.ExpiresAt = of(l.clock().AddDate(5, 0, 0).Unix())
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, quota := start(t), int64(1)
			if name == "a smaller quota" {
				quota = store.Unlimited
			}
			l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "busy"})
			l.item(t, store.Item{ID: "busy", Quota: quota, ChargeWay: protocol.ChargeWayConcurrentDeviceCount},
				"100001-busy")
			devices := []*servertest.Device{
				l.device(), l.device(), l.device(),
			}
			work := func() {
				t.Helper()
				for range 5 {
					for _, d := range devices {
						if item, err := l.Item(t.Context(), "busy"); err == nil && item.StartsAt > l.clock().Unix() {
							l.scan(t, d, "busy", 1) // it goes on with what it was granted
						} else {
							granted(t, d, "100001-busy")
						}
					}
					l.advance(3 * time.Minute)
				}
				l.verify(t)
			}
			work()
			var f administration.ItemFields
			change(l, &f)
			if _, err := l.ChangeItem(t.Context(), "busy", f, nil); err != nil {
				t.Fatal(err)
			}
			l.verify(t)
			work()
		})
	}
}

// What is bought takes back the exceptions that it covers; slots can't be cut in another
// way once there are seats.
func TestExceptionsFollowTheQuota(t *testing.T) {
	l := start(t)
	l.midday()
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "busy"})
	l.item(t, store.Item{ID: "busy", Quota: 1, ChargeWay: protocol.ChargeWayConcurrentDeviceCount}, "100001-busy")
	for range 3 {
		granted(t, l.device(), "100001-busy")
	}
	l.advance(time.Hour)
	granted(t, l.device(), "100001-busy") // the sum moves on
	for _, step := range []struct{ quota, exceptions int64 }{{1, 4}, {2, 2}, {3, 0}, {store.Unlimited, 0},
		{2, 2}, {1, 4}} {
		i, err := l.ChangeItem(t.Context(), "busy", administration.ItemFields{Quota: &step.quota}, nil)
		if err != nil || i.Quota.Exceptions != step.exceptions {
			t.Errorf("with a quota of %d: %+v, %v", step.quota, i.Quota, err)
		}
		l.verify(t)
	}
	terms := &store.Charging{Slot: new(int64(60))}
	_, err := l.ChangeItem(t.Context(), "busy", administration.ItemFields{ChargeTerms: terms}, nil)
	if !administration.IsKind(err, administration.Invalid) {
		t.Errorf("other slots: %v", err)
	}
	l.item(t, store.Item{ID: "idle", Quota: 1, ChargeWay: protocol.ChargeWayConcurrentDeviceCount})
	if _, err := l.ChangeItem(t.Context(), "idle", administration.ItemFields{ChargeTerms: terms}, nil); err != nil {
		t.Error(err)
	}
	l.verify(t)
}
