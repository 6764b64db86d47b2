package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/store"
)

// The records of alerts mean the same in each store.
func alertsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	update := func(f func(tx store.Tx) error) {
		t.Helper()
		if err := w.Update(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	device := w.device()
	w.apply(store.Keys{
		Reporters: []store.Reporter{device}, Codes: []string{w.code.Code},
	}, func(state *store.State) *store.Change {
		return &store.Change{
			Anomalies: []store.Anomaly{{Device: device.UUID, Kind: "k", Count: 3, FirstAt: 1, LastAt: 1}},
			Grants:    map[store.Grant]int64{{Device: device.UUID, Code: w.code.Key, Item: w.item.Key}: 1},
			Known:     state.Devices,
		}
	})
	const now = 1_000_000
	for range 2 {
		update(func(tx store.Tx) error {
			return alerts.AddOutcomes(ctx, tx, now, map[string]outcome.Result{
				w.code.Code: {Granted: 10, Refused: 30}, "nobody's": {Refused: 9},
			})
		})
	}
	measures, err := alerts.Measures(ctx, w, alerts.Defaults(), time.Unix(now, 0))
	if err != nil {
		t.Fatal(err)
	}
	found := map[alerts.Kind]int64{}
	for _, m := range measures {
		found[m.Kind] = m.Value
	}
	if found[alerts.Refused] != 75 || found[alerts.Anomaly] != 3 {
		t.Errorf("%+v", measures)
	}
	devices, err := w.Devices(ctx)
	if err != nil || len(devices) == 0 {
		t.Fatalf("%v, %v", devices, err)
	}
	silent, err := alerts.Measures(ctx, w, alerts.Defaults(),
		time.Unix(devices[0].LastSeenAt, 0).Add(7*24*time.Hour+time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	silence := false
	for _, m := range silent {
		silence = silence || m.Kind == alerts.Silent && m.Value > 0 && m.Days == 7
	}
	if !silence {
		t.Errorf("%+v", silent)
	}

	for _, step := range []struct {
		holder     string
		now, until int64
		want       bool
	}{{"a", 1, 10, true}, {"b", 9, 20, false}, {"a", 9, 15, true}, {"b", 14, 20, false}, {"b", 15, 20, true},
		{"a", 16, 30, false}} {
		update(func(tx store.Tx) error {
			got, err := alerts.TakeLease(ctx, tx, "l", step.holder, step.now, step.until)
			if got != step.want {
				t.Errorf("%+v: %t", step, got)
			}
			return err
		})
	}

	update(func(tx store.Tx) error {
		rule, err := alerts.ParseRule("silent", "off")
		return errors.Join(err, alerts.SetRule(ctx, tx, rule), alerts.AddEvents(ctx, tx, []alerts.Event{
			{At: 1, Kind: alerts.Quota, Subject: "s", Text: "before"},
		}),
			alerts.AddChannel(ctx, tx, alerts.Channel{ID: "c", Name: "n",
				Target: alerts.Target{Webhook: &alerts.Webhook{URL: "u", Secret: "s"}}, CreatedAt: 5}),
			alerts.AddEvents(ctx, tx, []alerts.Event{{At: 2, Kind: alerts.Quota, Subject: "s", Organization: "100001",
				Level: 75, Value: 76, Recovered: true, Text: "t"}}))
	})
	rules, err := alerts.Rules(ctx, w)
	history, err2 := alerts.History(ctx, w, 0, 10)
	channels, err3 := alerts.Channels(ctx, w)
	if err := errors.Join(err, err2, err3); err != nil || len(rules) != len(alerts.Defaults()) || len(history) != 2 ||
		len(channels) != 1 {
		t.Fatalf("%v: %+v, %+v, %+v", err, rules, history, channels)
	}
	if e := history[0]; !e.Recovered || e.Value != 76 || e.Organization != "100001" ||
		channels[0].Begins != history[1].ID || channels[0].Deliveries[0].Delivered != history[1].ID ||
		channels[0].Target.Webhook.Secret != "s" {
		t.Errorf("%+v, %+v", history, channels[0])
	}
	if older, err := alerts.History(ctx, w, history[0].ID, 10); err != nil || len(older) != 1 ||
		older[0].Text != "before" {
		t.Errorf("%+v, %v", older, err)
	}
	// Changed, a channel leads elsewhere: who got its events goes on where they were, and who is new
	// begins now, also who was there once.
	last := history[0].ID
	mail := func(to ...string) alerts.Target { return alerts.Target{Email: &alerts.Email{Host: "h", To: to}} }
	for _, step := range []struct {
		to   []string
		want map[string]int64
	}{
		{[]string{"a@x", "b@x"}, map[string]int64{"a@x": last, "b@x": last}},
		{[]string{"b@x"}, map[string]int64{"b@x": last}},
		{[]string{"b@x", "a@x"}, map[string]int64{"b@x": last, "a@x": last + 1}},
	} {
		update(func(tx store.Tx) error {
			present, err := alerts.Channels(ctx, tx)
			if err != nil {
				return err
			}
			if len(step.to) == 1 {
				err = alerts.AddEvents(ctx, tx, []alerts.Event{
					{At: 3, Kind: alerts.Quota, Subject: "s", Text: "later"},
				})
			}
			return errors.Join(err, alerts.ChangeChannel(ctx, tx, present[0], "new name", mail(step.to...)))
		})
		channels, err := alerts.Channels(ctx, w)
		if err != nil || channels[0].Name != "new name" || len(channels[0].Deliveries) != len(step.to) {
			t.Fatalf("%+v, %v", channels, err)
		}
		for _, d := range channels[0].Deliveries {
			if d.Delivered != step.want[d.Receiver] {
				t.Errorf("%v: %+v", step.to, d)
			}
		}
	}
	update(func(tx store.Tx) error { return alerts.RemoveChannel(ctx, tx, "c") })
	if err := w.Update(ctx, func(tx store.Tx) error { return alerts.RemoveChannel(ctx, tx, "c") }); !errors.Is(err,
		store.ErrNotFound) {
		t.Error(err)
	}
}
