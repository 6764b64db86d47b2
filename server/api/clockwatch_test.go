package api

import (
	"fmt"
	"testing"
	"time"
)

func TestClockWatch(t *testing.T) {
	server := time.Unix(1_800_000_000, 0)
	for _, test := range []struct {
		name     string
		ahead    func(i int) time.Duration
		networks int
		want     time.Duration // 0: no warning
	}{
		{"right", func(i int) time.Duration { return time.Duration(i) * time.Second }, 9, 0},
		{"some clients are wrong", func(i int) time.Duration { return time.Duration(i%2) * 1000 * time.Hour }, 9, 0},
		{"the server is ahead", func(int) time.Duration { return -48 * time.Hour }, 9, 48 * time.Hour},
		{"the server is behind", func(int) time.Duration { return 30 * time.Hour }, 9, -30 * time.Hour},
		{"one network says so", func(int) time.Duration { return -48 * time.Hour }, 1, 0},
		{"less than an hour", func(int) time.Duration { return -50 * time.Minute }, 9, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var watch clockWatch
			warnings := 0
			for i := range 4 * clockSamples {
				off, warn := watch.saw(fmt.Sprint(i%test.networks), server.Add(test.ahead(i)), server)
				if warn {
					warnings++
					if off != test.want || i < clockSamples-1 {
						t.Errorf("after %d: %s", i, off)
					}
				}
			}
			if (warnings == 1) != (test.want != 0) || warnings > 1 {
				t.Errorf("%d warnings", warnings)
			}
		})
	}
}
