package main

import (
	"strings"
	"testing"
)

// A simulation ends verified, the same options give the same history, and a database
// in use is left as it is.
func TestSimulate(t *testing.T) {
	arguments := []string{"simulate", "--devices", "20", "--days", "3", "--seed", "3", "--until",
		"2026-11-26", "--quiet"}
	data := newData(t)
	const announced = "simulating about 20 devices over 3 days, until 2026-11-26 00:00:00 UTC, with the seed 3"
	if out, err := run(newData(t), arguments[:len(arguments)-1]...); err != nil || !strings.HasPrefix(out, announced) {
		t.Errorf("it begins with %q, %v", out, err)
	}
	first, err := run(data, arguments...)
	if err != nil || !strings.HasSuffix(first, "verified\n") {
		t.Fatalf("%q, %v", first, err)
	}
	if second, err := run(newData(t), arguments...); err != nil || second != first {
		t.Errorf("%q, then %q, %v", first, second, err)
	}
	if out, err := run(data, "verify"); err != nil || !strings.HasPrefix(out, "ok: ") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := run(data, arguments...); err == nil || !strings.Contains(err.Error(), "name a new one") {
		t.Errorf("a database in use is taken: %v", err)
	}
	for _, wrong := range [][]string{{"--devices", "3"}, {"--days", "0"}, {"--until", "never"}} {
		if _, err := run(newData(t), append([]string{"simulate"}, wrong...)...); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}
