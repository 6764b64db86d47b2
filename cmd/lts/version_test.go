package main

import (
	"strings"
	"testing"
)

// Somebody who reports a fault can say of which version.
func TestVersion(t *testing.T) {
	out, err := run(newData(t), "--version")
	if err != nil || !strings.HasPrefix(out, "lts version "+release) || strings.Contains(out, "devel") {
		t.Errorf("%q, %v", out, err)
	}
}
