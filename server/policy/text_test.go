package policy_test

import (
	"testing"

	"github.com/openlts/openlts/server/policy"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "Größe 5 – 東京 עברית 🙂": true, "<b>&'\"": true,
		"a\x00b": false, "\x1b[31mred": false, "bell\a": false, "two\nlines": false, "\u009b31m": false,
		"right\u202eleft": false, "\u2066isolated": false, "end\u2028line": false, "end\u2029paragraph": false,
		"\xff": false, "\x7f": false,
	} {
		if got := policy.Plain(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
