package alerts_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/store"
)

// walk advances over measures, one after the other, and writes down what was told: the
// level, or "ok" when it recovered.
func walk(rules []alerts.Rule, measures ...[]alerts.Measure) string {
	states := map[alerts.Key]alerts.State{}
	var told []string
	for i, m := range measures {
		for _, e := range alerts.Advance(states, rules, m, int64(i+1)) {
			if e.Recovered {
				told = append(told, "ok")
			} else {
				told = append(told, e.Kind.Write(e.Level))
			}
		}
		told = append(told, "|")
	}
	return strings.Join(told, "")
}

// values are measures of one subject, each at a time of its own.
func values(kind alerts.Kind, period string, of ...int64) (all [][]alerts.Measure) {
	for _, v := range of {
		all = append(all, []alerts.Measure{{Kind: kind, Subject: "s", Period: period, Value: v, Days: 7}})
	}
	return all
}

func TestAdvance(t *testing.T) {
	nothing := [][]alerts.Measure{nil}
	join := func(parts ...[][]alerts.Measure) (all [][]alerts.Measure) {
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	ended := [][]alerts.Measure{{{Kind: alerts.Quota, Subject: "s", Period: "a", Value: 105, Ended: true}}}
	for name, test := range map[string]struct {
		measures [][]alerts.Measure
		want     string
	}{
		"below":                    {values(alerts.Quota, "a", 0, 74), "||"},
		"each level once":          {values(alerts.Quota, "a", 75, 76, 90, 92, 96, 100, 101), "75||90||95|100||"},
		"the most severe one only": {values(alerts.Quota, "a", 99), "95|"},
		"the end of the tolerance": {join(values(alerts.Quota, "a", 104), ended, ended), "100|end||"},
		"to and fro":               {values(alerts.Quota, "a", 75, 74, 75, 70, 75), "75|||||"},
		"recovers once":            {values(alerts.Quota, "a", 75, 69, 60), "75|ok||"},
		"not again in the term":    {values(alerts.Quota, "a", 75, 60, 76, 91), "75|ok||90|"},
		"again in another term": {join(values(alerts.Quota, "a", 92), values(alerts.Quota, "b", 10),
			values(alerts.Quota, "b", 75)), "90|ok|75|"},
		"an item that is gone": {
			join(values(alerts.Quota, "a", 92), nothing, values(alerts.Quota, "a", 92)), "90||90|",
		},
		"exceptions": {values(alerts.Exceptions, "a", 49, 50, 100, 44), "|50|100|ok|"},
		"refusals":   {values(alerts.Refused, "1970-01-01", 9, 10, 30, 4, 30, 50), "|10|25|ok||50|"},
		"nobody asks any more": {join(values(alerts.Refused, "1970-01-01", 30), nothing, nothing,
			values(alerts.Refused, "1970-01-01", 30)), "25|ok|||"},
		"days until the end": {values(alerts.Expiry, "a", 31, 30, 29, 7, 1, 0), "|30||7|1||"},
		"renewed":            {join(values(alerts.Expiry, "a", 6), values(alerts.Expiry, "b", 365)), "7|ok|"},
		"silent": {join(values(alerts.Silent, "1970-01-01", 0, 3, 5), nothing,
			values(alerts.Silent, "1970-01-01", 2), values(alerts.Silent, "1970-01-02", 2)), "|7||||7|"},
		"what is new": {join(values(alerts.Loss, "a", 5, 6), values(alerts.Loss, "b", 6, 6),
			values(alerts.Loss, "c", 6)), "1||1|||"},
		"what was pruned": {join(values(alerts.Anomaly, "a", 9), values(alerts.Anomaly, "b", 2),
			values(alerts.Anomaly, "b", 3)), "1||1|"},
		"a share that never was one": {values(alerts.Refused, "1970-01-01", 0, 0), "||"},
	} {
		if got := walk(alerts.Defaults(), test.measures...); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	off, err := alerts.ParseRule("quota", "off")
	if err != nil || walk([]alerts.Rule{off}, values(alerts.Quota, "a", 100)...) != "|" {
		t.Error("a rule that is off alerts", err)
	}
}

// Whatever is measured: a level alerts once in a term, nothing recovers that did not
// alert, and nothing recovers twice.
func TestAlertsDoNotTire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]alerts.Kind{alerts.Quota, alerts.Exceptions, alerts.Refused, alerts.Expiry}).Draw(t,
			"kind")
		states, told, open := map[alerts.Key]alerts.State{}, map[string]int{}, false
		for i := range 60 {
			period := fmt.Sprint(i / 20)
			m := alerts.Measure{
				Kind: kind, Subject: "s", Period: period, Value: rapid.Int64Range(0, 130).Draw(t, "value"),
			}
			for _, e := range alerts.Advance(states, alerts.Defaults(), []alerts.Measure{m}, int64(i+1)) {
				if e.Recovered {
					if !open {
						t.Fatalf("%+v recovered, and never alerted", e)
					}
					open = false
					continue
				}
				open = true
				if told[fmt.Sprint(period, e.Level)]++; told[fmt.Sprint(period, e.Level)] > 1 {
					t.Fatalf("%+v twice", e)
				}
			}
		}
	})
}

func TestRules(t *testing.T) {
	for levels, want := range map[string]string{" 90, 75,75 ": "75,90", "end,50": "50,end", "off": "off"} {
		if rule, err := alerts.ParseRule("quota", levels); err != nil || rule.Text() != want {
			t.Errorf("%q: %q, %v", levels, rule.Text(), err)
		}
	}
	if rule, err := alerts.ParseRule("expiry", "1,30,7"); err != nil || rule.Text() != "30,7,1" {
		t.Errorf("%q, %v", rule.Text(), err)
	}
	for kind, levels := range map[string]string{"quota": "", "refused": "101", "expiry": "end", "silent": "-1",
		"loss": "x", "none": "1", "anomaly": "1,2,3,4,5,6,7,8,9,10,11"} {
		if rule, err := alerts.ParseRule(kind, levels); err == nil {
			t.Errorf("%s %q is a rule: %+v", kind, levels, rule)
		}
	}
	for _, rule := range alerts.Defaults() {
		if again, err := alerts.ParseRule(string(rule.Kind), rule.Text()); err != nil || again.Text() != rule.Text() {
			t.Errorf("%+v: %+v, %v", rule, again, err)
		}
	}
}

func TestMeasureItem(t *testing.T) {
	now := at(1_800_000_000)
	item := store.Item{ID: "i", Name: "Scans", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
		Quota: 1000, StartsAt: 1, ExpiresAt: now.Unix() + 10*86400 + 5}
	list := alerts.MeasureItem(item, protocol.Quota{Limit: 1000, Used: 1049, Tolerance: 50}, now)
	if len(list) != 2 || list[0].Value != 104 || list[0].Ended || list[1].Kind != alerts.Expiry || list[1].Value != 10 {
		t.Errorf("%+v", list)
	}
	list = alerts.MeasureItem(item, protocol.Quota{Limit: 10, Used: 30, Exceptions: 700, ExceptionsAllowed: 1000}, now)
	if len(list) != 2 || list[0].Kind != alerts.Exceptions || list[0].Value != 70 {
		t.Errorf("%+v", list)
	}
	if list = alerts.MeasureItem(item, protocol.Quota{Limit: store.Unlimited}, now); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	for _, change := range []func(*store.Item){
		func(i *store.Item) { i.RevokedAt = 1 }, func(i *store.Item) { i.ArchivedAt = 1 },
		func(i *store.Item) { i.StartsAt = now.Unix() + 1 }, func(i *store.Item) { i.ExpiresAt = 2 },
	} {
		out := item
		change(&out)
		if list := alerts.MeasureItem(out, protocol.Quota{Limit: 1, Used: 9}, now); len(list) != 0 {
			t.Errorf("%+v: %+v", out, list)
		}
	}
}
