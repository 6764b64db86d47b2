package main

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What is written is what is read, for any names, those that begin with each other above all.
func TestTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`_[ab]{1,12}|_[a-z_]{1,300}`), 0, 60,
			rapid.ID[string]).Draw(t, "names")
		exports := map[string][]byte{}
		for _, name := range names {
			exports[name] = rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "known")
		}
		read, err := readTree(writeTree(exports))
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(read, exports, slices.Equal) {
			t.Fatalf("read %v, wrote %v", read, exports)
		}
	})
}

// As Apple's linker writes it: flags and an address for each name.
func TestTreeOfTwo(t *testing.T) {
	tree := writeTree(map[string][]byte{"_ab": {0, 1}, "_a": {0, 2}})
	want := "\x00\x01_a\x00\x06" + "\x02\x00\x02\x01b\x00\x0d" + "\x02\x00\x01\x00"
	if string(tree) != want {
		t.Errorf("%q, want %q", tree, want)
	}
}

func FuzzReadTree(f *testing.F) {
	f.Add(writeTree(map[string][]byte{"_ab": {0, 1}, "_a": {0, 2}}))
	f.Add([]byte("\x00\x01a\x00\x00"))
	f.Fuzz(func(t *testing.T, tree []byte) {
		exports, err := readTree(tree)
		if err != nil {
			return
		}
		if again, err := readTree(writeTree(exports)); err != nil || !maps.EqualFunc(again, exports, slices.Equal) {
			t.Errorf("%v, %v; first %v", again, err, exports)
		}
	})
}
