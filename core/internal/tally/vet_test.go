package tally_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/tally"
)

// TestCountersThatNoRunCanHaveCounted are damage: adding them up would overflow,
// here or in the ledger.
func TestCountersThatNoRunCanHaveCounted(t *testing.T) {
	const (
		frame   = tally.FramesOffset // label, then counters
		counter = frame + tally.FrameHeader
		stray   = tally.StraysOffset
	)
	type word struct {
		offset int
		value  uint64
	}
	negative := func(n int64) uint64 { return uint64(-n) }
	for name, test := range map[string]struct {
		words   []word
		damaged bool
	}{
		"as it was":         {nil, false},
		"as much as can be": {[]word{{counter, tally.MaxUnits}}, false},
		"one more":          {[]word{{counter, tally.MaxUnits + 1}}, true},
		"2^63-1":            {[]word{{counter, math.MaxInt64}}, true},
		"all bits":          {[]word{{counter + 8*17, math.MaxUint64}}, true},
		"three of 2^63-1": {
			[]word{{counter, math.MaxInt64}, {counter + 8, math.MaxInt64}, {counter + 16, math.MaxInt64}}, true,
		},
		"too much in two shards":           {[]word{{counter, tally.MaxUnits}, {counter + tally.ShardSize, 1}}, true},
		"too much of two types":            {[]word{{counter, tally.MaxUnits}, {counter + 8, 1}}, true},
		"too much with a stray":            {[]word{{counter, tally.MaxUnits}, {stray, 1}, {stray + 8, 1}}, true},
		"a stray of 2^53":                  {[]word{{stray, 1}, {stray + 8, tally.MaxUnits + 1}}, true},
		"folded as counted":                {[]word{{counter + 8, 7}, {tally.FoldedOffset + 8, 7}}, false},
		"folded beyond that":               {[]word{{counter + 8, 7}, {tally.FoldedOffset + 8, 8}}, true},
		"a stray folded beyond that":       {[]word{{tally.FoldedOffset + tally.Frames*tally.ShardSize, 1}}, true},
		"a slot that starts within one":    {[]word{{frame, slotStart + 1}}, true},
		"a slot before 1970":               {[]word{{frame, negative(180 * 7)}}, false},
		"a slot far before 1970":           {[]word{{frame, negative(180 << 40)}}, true},
		"a slot far ahead":                 {[]word{{frame, 180 << 40}}, true},
		"the last slot of all":             {[]word{{frame, math.MaxInt64}}, true},
		"a stray of a slot":                {[]word{{stray, slotStart/180<<9 | 3}}, false},
		"a stray of a slot far ahead":      {[]word{{stray, 1 << 60}}, true},
		"a stray of a slot far before all": {[]word{{stray, 1 << 63}}, true},
	} {
		directory := t.TempDir()
		c := create(t, directory)
		c.Add(16, 3, now.Unix())
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		path := file(t, directory)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range test.words {
			binary.NativeEndian.PutUint64(text[w.offset:], w.value)
		}
		if name != "as it was" && len(test.words) > 0 && test.words[0].value == tally.MaxUnits {
			// So that the three units above are not what is too much.
			clear(text[counter+8*16 : counter+8*17])
			for shard := range c.Shards() {
				clear(text[counter+shard*tally.ShardSize+8*16:][:8])
			}
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := tally.Adopt(path)
		if errors.Is(err, tally.ErrNotATally) != test.damaged || (err != nil) != test.damaged {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestACopyIsNotAdopted: what it holds is counted from the original.
func TestACopyIsNotAdopted(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{c.Run + " (copy).tally", uuid.NewString() + ".tally"} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tally.Adopt(path); !errors.Is(err, tally.ErrNotATally) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
