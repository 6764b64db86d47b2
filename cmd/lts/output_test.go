package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// Nothing that is shown acts on the terminal, whoever wrote it into the database.
func TestTerminalIsLeftAlone(t *testing.T) {
	hostile := "\x1b]0;title\a\r\n\tx\u009b31m\u202egpj.exe\u2066\u2028\x7f\U000e0001\xff ü €"
	var shown strings.Builder
	table := newTable(&shown, "NAME")
	table.row(hostile)
	if err := table.end(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(shown.String(), "\n"); len(lines) != 3 || !strings.HasSuffix(lines[1], " ü €") ||
		!strings.HasPrefix(lines[1], `\u001b]0;title\u0007\u000d`) {
		t.Errorf("%q", shown.String())
	}
	var printed strings.Builder
	if err := printJSON(&printed, map[string]string{"name": hostile}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{shown.String(), printed.String()} {
		if i := strings.IndexAny(text, "\x1b\a\r\t\u009b\u202e\u2066\u2028\x7f\U000e0001"); i >= 0 ||
			!utf8.ValidString(text) {
			t.Errorf("at %d of %q", i, text)
		}
	}
	var read map[string]string
	if err := json.Unmarshal([]byte(printed.String()), &read); err != nil ||
		read["name"] != strings.ToValidUTF8(hostile, "\ufffd") {
		t.Errorf("%q, %v", read, err)
	}
}
