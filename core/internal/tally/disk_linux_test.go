package tally_test

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/internal/filetest"
	"github.com/openlts/openlts/core/internal/tally"
)

// TestASmallDisk gets a tally with fewer shards, down to one.
func TestASmallDisk(t *testing.T) {
	for _, kilobytes := range []int64{2000, 70, 60} {
		directory := filetest.Disk(t, kilobytes)
		c := create(t, directory)
		if least := kilobytes == 60; (c.Shards() == 1) != least {
			t.Errorf("%d KB: %d shards", kilobytes, c.Shards())
		}
		for shard := range 100 {
			if !c.Add(16, 1, now.Unix()) {
				t.Fatal(shard)
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := tally.Adopt(file(t, directory))
		if err != nil || again.Sums(0)[16] != 100 {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	directory := filetest.Disk(t, 40)
	if _, err := tally.Create(directory, account, 180, now); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("no room at all: %v", err)
	}
	if left, _ := os.ReadDir(directory); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
