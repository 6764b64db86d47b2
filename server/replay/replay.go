// Package replay computes what past usage would have meant with other terms: it goes through the
// reports of an item again, as if the item had another charge way or another quota.
package replay

import (
	"context"
	"errors"
	"strconv"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// Outcome is the result of usage with some terms.
type Outcome struct {
	// Quota is the state of the quota at the end.
	Quota protocol.Quota `json:"quota"`
	Peak  int64          `json:"peak"` // the most that was used at a moment, in what the quota counts
	// Asked is how often a device would have asked: when it began to count, and once a
	// day from then on. Granted, beyond the quota, and refused are parts of it.
	Asked   int64 `json:"asked"`
	Beyond  int64 `json:"beyond"`
	Refused int64 `json:"refused"`
	// RefusedDevices is how many devices were refused at least once, and FirstRefusal
	// when the first was, in seconds since 1970; 0: none.
	RefusedDevices int64 `json:"refusedDevices"`
	FirstRefusal   int64 `json:"firstRefusal"`
	// LostUnits are units that were counted by devices that would have been refused.
	LostUnits int64 `json:"lostUnits"`
}

// Comparison is the result of usage with an item's own terms and with others.
type Comparison struct {
	From    int64   `json:"from"`
	Until   int64   `json:"until"`
	Devices int64   `json:"devices"` // that counted something
	Slots   int64   `json:"slots"`   // in which they counted
	Own     Outcome `json:"own"`
	Other   Outcome `json:"other"`
}

// renewal is how often a license in use asks again, in seconds.
const renewal = 24 * 60 * 60

// side is a replay with its result.
type side struct {
	*policy.Replay
	Outcome
	runs    map[store.ID]asked
	refused map[store.ID]bool // devices
}

type asked struct {
	at      int64
	granted bool
}

// Compare goes through an item's usage in a period, with its own terms and with those of other. It
// begins without any seats.
func Compare(ctx context.Context, s store.Store, item, other store.Item, from, until int64) (Comparison, error) {
	c := Comparison{From: from, Until: until}
	if from < 0 || from >= until {
		return c, errors.New("the time ends before it begins")
	}
	var sides [2]*side
	for i, terms := range []store.Item{item, other} {
		replay, err := policy.NewReplay(terms)
		if err != nil {
			return c, err
		}
		sides[i] = &side{Replay: replay, runs: map[store.ID]asked{}, refused: map[store.ID]bool{}}
	}
	devices := map[store.ID]bool{}
	err := verification.InTime(ctx, s, item.Key, from, until, [2]func(store.Counts) int64{
		sides[0].Charges, sides[1].Charges,
	}, func(w verification.Work) error {
		devices[w.Device] = true
		c.Slots++
		for i := range sides {
			sides[i].work(w, w.Units[i])
		}
		return nil
	})
	c.Devices = int64(len(devices))
	for _, s := range sides {
		s.Outcome.Quota, s.RefusedDevices = s.Replay.Quota(until), int64(len(s.refused))
	}
	c.Own, c.Other = sides[0].Outcome, sides[1].Outcome
	return c, err
}

func (s *side) work(w verification.Work, units int64) {
	device := strconv.FormatInt(int64(w.Device), 10)
	run, known := s.runs[w.Run]
	if !known || w.Slot >= run.at+renewal {
		granted, beyond := s.Ask(device, w.Slot)
		run = asked{w.Slot, granted}
		s.runs[w.Run] = run
		s.Asked++
		switch {
		case !granted:
			s.Refused++
			s.refused[w.Device] = true
			if s.FirstRefusal == 0 {
				s.FirstRefusal = w.Slot
			}
		case beyond:
			s.Beyond++
		}
	}
	if !run.granted {
		s.LostUnits = store.SaturatingSum(s.LostUnits, units)
		return
	}
	s.Work(device, w.Slot, units)
	s.Peak = max(s.Peak, s.Replay.Quota(w.Slot+protocol.DefaultSlotSeconds).Used)
}
