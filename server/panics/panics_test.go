package panics_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/panics"
)

func fails() { panic("the sum overflowed") }

func TestCaught(t *testing.T) {
	var text bytes.Buffer
	before := panics.Counts()[panics.REST]
	func() {
		defer func() {
			panics.Caught(slog.New(slog.NewJSONHandler(&text, nil)), panics.REST, recover(), "path", "/api/v1/items")
		}()
		fails()
	}()
	if n := panics.Counts()[panics.REST] - before; n != 1 {
		t.Errorf("counted %d", n)
	}
	first := text.Len()
	log := slog.New(slog.NewJSONHandler(&text, nil))
	for i := range 100 {
		func() {
			defer func() { panics.Caught(log, panics.REST, recover()) }()
			if i%2 == 0 {
				fails()
			}
			panic("another place")
		}()
	}
	if n := panics.Counts()[panics.REST] - before; n != 101 {
		t.Errorf("counted %d", n)
	}
	if lines := strings.Count(text.String()[first:], "\n"); lines != 2 {
		t.Errorf("the panics of two places make %d lines", lines)
	}
	for _, want := range []string{"the sum overflowed", "panics_test.fails", "panics_test.go:", `"part":"rest"`,
		`"path":"/api/v1/items"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log line lacks %s: %s", want, &text)
		}
	}
}
