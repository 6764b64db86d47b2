package main

import (
	"fmt"
	"strings"
	"testing"
)

// Each status code has one row, and one that says nothing of what to do is not accepted.
func TestEachStatusCodeHasAdvice(t *testing.T) {
	all := read(t)
	files := map[string][]byte{}
	if err := emitStatusCodes(all, files); err != nil {
		t.Fatal(err)
	}
	page := string(files["docs/status-codes.md"])
	for _, code := range all.StatusCodes {
		want := 1
		if code.Value == 0 {
			want = 0
		}
		row := fmt.Sprintf("\n| %d | `%s` | %s |", code.Value, code.Name, code.Message)
		if rows := strings.Count(page, row); rows != want {
			t.Errorf("%s has %d rows, want %d", code.Name, rows, want)
		}
	}
	all.StatusCodes = append(all.StatusCodes, value{Name: "NEW", Value: -20399})
	if err := emitStatusCodes(all, files); err == nil || !strings.Contains(err.Error(), "NEW has no \"advice\"") {
		t.Errorf("%v", err)
	}
}
