package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain tells whether a text from outside is harmless to show: UTF-8 without control characters,
// and without those that set the direction of text or end a line, which would affect the terminal,
// the page or the log that shows it.
func Plain(text string) bool { return utf8.ValidString(text) && !strings.ContainsFunc(text, acts) }

func acts(c rune) bool {
	return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029'
}
