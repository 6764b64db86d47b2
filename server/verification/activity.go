package verification

import "github.com/openlts/openlts/server/store"

// slotNumber returns the number that a slot of a run adds to the sum of a day. The numbers of all
// slots that a day can have add up to less than the largest number.
func slotNumber(run, start int64) int64 {
	// The steps of splitmix64, which gives neighbors unrelated numbers.
	n := uint64(run)*0x9e3779b97f4a7c15 + uint64(start) //nolint:gosec // bits
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return int64(1<<30 | (n^n>>31)&(1<<30-1)) //nolint:gosec // 31 bits
}

// addActivity adds a slot that came to the activity of its day.
func (v *verifier) addActivity(slot *folded, run *store.ExaminedRun, kind int32) error {
	of := account{level: levelActivity, code: int64(run.Code), item: int64(run.Item),
		start: slot.start - slot.start%levelDay, kind: kind}
	return v.slots.add(of, sides{computed: units{all: slotNumber(slot.run, slot.start)}})
}

// activity reads the activity of days. Checkpoints do not contain that of closed days.
func (v *verifier) activity() error {
	for a, err := range v.Activity() {
		if err != nil {
			return err
		}
		if !v.within(a.Day) {
			continue
		}
		v.result.Totals++
		of := account{
			level: levelActivity, code: int64(a.Code), item: int64(a.Item), start: a.Day, kind: v.types.number(a.Type),
		}
		var sum int64
		for i := range a.Runs {
			a.Runs[i].Slots.Each(func(start int64) { sum = plus(sum, slotNumber(int64(a.Runs[i].Run), a.Day+start)) })
		}
		if err := v.slots.add(of, sides{stored: units{all: sum}}); err != nil {
			return err
		}
	}
	return nil
}
