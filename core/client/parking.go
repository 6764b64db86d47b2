package client

import (
	"sync"

	"github.com/openlts/openlts/core/tally"
)

// parking holds the tallies of closed licenses until the process ends.
//
// A thread may be in the middle of recording while another closes the license.
// If the tally were unmapped it would crash; if its file were given up, what it
// adds would be lost although the call says it is counted. So a tally stays
// mapped and locked as long as the process lives: what arrives late is folded
// when the same account is opened again, or by the process that adopts the file
// later. It costs one mapping for each account (and data directory) that the
// process ever closed.
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

// unpark takes a parked tally of the account, if there is one that is still
// good. One whose file is gone (the host emptied its data directory) stays
// mapped, and that is all.
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
