package alerts

import (
	"math"
	"testing"
)

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 units", 1: "1 unit", -1: "-1 units", 999: "999 units", 1312: "1,312 units", -1312: "-1,312 units",
		-312: "-312 units", 100_000: "100,000 units", math.MinInt64: "-9,223,372,036,854,775,808 units",
	} {
		if got := counted(n, "unit"); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}
