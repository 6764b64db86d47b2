package verification

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"
)

// account identifies a balance.
type account struct {
	level, device, code, item, start int64
	kind                             int32 // the number of the operation type
}

func (a account) compare(b account) int {
	return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.device, b.device), cmp.Compare(a.code, b.code),
		cmp.Compare(a.item, b.item), cmp.Compare(a.start, b.start), cmp.Compare(a.kind, b.kind))
}

// units are operations, and those of them that came late.
type units struct{ all, late int64 }

// most is the number at which sums stop, like in the store.
const most = 1<<63 - 1

func (u *units) add(other units) { u.all, u.late = plus(u.all, other.all), plus(u.late, other.late) }

func plus(a, b int64) int64 {
	if b > 0 && a > most-b {
		return most
	}
	return a + b
}

// sides are the stored units of an account, and what they should be.
type sides struct{ stored, computed units }

// entry is an account with its balance.
type entry struct {
	account
	sides
}

// balance sums up, by account, what is stored and what it should be, in any order. It keeps a
// limited number of accounts in memory, and the others in files.
type balance struct {
	accounts map[account]*sides
	limit    int
	spill    spill[entry]
}

func newBalance(directory string, limit int) *balance {
	return &balance{accounts: map[account]*sides{}, limit: limit, spill: spill[entry]{
		directory: directory,
		form: form[entry]{
			compare: func(a, b entry) int { return a.compare(b.account) },
			write: func(data []byte, e entry) []byte {
				for _, n := range e.numbers() {
					data = binary.AppendVarint(data, n)
				}
				return data
			},
			read: func(data []byte) (e entry, err error) {
				var n [10]int64
				for i := range n {
					value, size := binary.Varint(data)
					if size <= 0 {
						return e, errors.New("what was put aside is damaged")
					}
					n[i], data = value, data[size:]
				}
				return entry{account{n[0], n[1], n[2], n[3], n[4], int32(n[5])},
					sides{units{n[6], n[7]}, units{n[8], n[9]}}}, nil
			},
		},
	}}
}

func (e entry) numbers() [10]int64 {
	return [10]int64{e.level, e.device, e.code, e.item, e.start, int64(e.kind), e.stored.all, e.stored.late,
		e.computed.all, e.computed.late}
}

func (b *balance) add(a account, s sides) error {
	known := b.accounts[a]
	if known == nil {
		if len(b.accounts) >= b.limit {
			if err := b.spill.put(b.inMemory()); err != nil {
				return err
			}
			clear(b.accounts)
		}
		known = &sides{}
		b.accounts[a] = known
	}
	known.stored.add(s.stored)
	known.computed.add(s.computed)
	return nil
}

func (b *balance) inMemory() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, a := range slices.SortedFunc(maps.Keys(b.accounts), account.compare) {
			if !yield(entry{a, *b.accounts[a]}) {
				return
			}
		}
	}
}

// all returns the accounts in order, each once.
func (b *balance) all() iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		var open entry
		some := false
		for e, err := range b.spill.merged(b.inMemory()) {
			if err != nil {
				yield(entry{}, err)
				return
			}
			if some && e.account == open.account {
				open.stored.add(e.stored)
				open.computed.add(e.computed)
				continue
			}
			if some && !yield(open, nil) {
				return
			}
			open, some = e, true
		}
		if some {
			yield(open, nil)
		}
	}
}

func (b *balance) close() error { return b.spill.close() }
