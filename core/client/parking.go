package client

import (
	"context"
	"errors"
	"sync"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/internal/tally"
)

// parking holds the tallies of closed licenses until the process ends.
//
// A thread may be recording while another one closes the license. If we unmapped the tally, that
// thread would crash. If we gave up its file, what the thread adds would be lost, although its call
// returns success. So a tally stays mapped and locked until the process ends. What arrives late, or
// could not be folded when the license was closed, is folded every interval by other licenses of
// this process on the same directory, or later by the process that adopts the file. This costs one
// mapping for each account and data directory that the process ever closed.
//
//	created --Open--> in use --Close--> parked --Open of the same account--> in use
//	                                      |  \
//	                                      |   sealParked, every interval: folded, and parked again
//	                                      |
//	                                the process ends: adopted by another (report.Adopt)
var parking struct {
	sync.Mutex
	tallies map[parkingPlace][]*tally.Tally
}

type parkingPlace struct {
	directory string
	account   tally.Account
	slot      int64
}

func park(directory string, t *tally.Tally) {
	parking.Lock()
	defer parking.Unlock()
	if parking.tallies == nil {
		parking.tallies = map[parkingPlace][]*tally.Tally{}
	}
	place := parkingPlace{directory, t.CountedUnder(), int64(t.Slot)}
	parking.tallies[place] = append(parking.tallies[place], t)
}

// unpark takes a parked tally of the account, if there is one that can still be used. A tally whose
// file was removed (the host emptied its data directory) stays mapped but is not used again.
func unpark(directory string, account tally.Account, slotSeconds int64) *tally.Tally {
	parking.Lock()
	defer parking.Unlock()
	place := parkingPlace{directory, account, slotSeconds}
	waiting := parking.tallies[place]
	for len(waiting) > 0 {
		t := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		parking.tallies[place] = waiting
		if !t.Gone() {
			return t
		}
	}
	return nil
}

// sealingParked holds a token while parked tallies are sealed, so that the next caller finds all of
// them parked again.
var sealingParked = make(chan struct{}, 1)

// sealParked folds what is new in the parked tallies of a directory. While it works on a tally,
// that one is not parked, so a license that is opened meanwhile makes another tally.
func sealParked(ctx context.Context, directory string, l *ledger.Ledger) error {
	select {
	case sealingParked <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-sealingParked }()
	var failures []error
	for _, t := range unparkAll(directory) {
		if !t.Gone() {
			s := report.NewSealer(t, l)
			if s.Unsealed() > 0 {
				_, err := s.SealAll(ctx)
				failures = append(failures, err)
			}
		}
		park(directory, t)
	}
	return errors.Join(failures...)
}

func unparkAll(directory string) (all []*tally.Tally) {
	parking.Lock()
	defer parking.Unlock()
	for place, waiting := range parking.tallies {
		if place.directory == directory {
			all = append(all, waiting...)
			delete(parking.tallies, place)
		}
	}
	return all
}
