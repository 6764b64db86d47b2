package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks is how long the processors of the machine were busy, and how long they were there, in the
// kernel's ticks. What a hypervisor took away counts as neither.
type ticks struct{ busy, all uint64 }

// readTicks reads them from the kernel; all are 0 where there is no /proc/stat.
func readTicks() (t ticks) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return t
	}
	first, _, _ := strings.Cut(string(text), "\n")
	// cpu user nice system idle iowait irq softirq steal ...
	for i, field := range strings.Fields(first) {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil || i > 7 {
			continue
		}
		t.all += n
		if i != 4 && i != 5 {
			t.busy += n
		}
	}
	return t
}

// busySince is the part of the processors that were busy since then, with all processes together, in
// percent; 0 if nobody knows.
func busySince(t ticks) float64 {
	now := readTicks()
	if now.all == t.all {
		return 0
	}
	return 100 * float64(now.busy-t.busy) / float64(now.all-t.all)
}

// busyText is how that is printed.
func busyText(percent float64) string {
	if percent == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", percent)
}
