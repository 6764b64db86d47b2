package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printJSON prints a value for programs. It escapes characters on which a terminal would act, which
// does not change the meaning of the JSON.
func printJSON(w io.Writer, value any) error {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := io.WriteString(w, escaped(text.String(), func(c rune) bool { return c == '\n' }))
	return err
}

// escaped writes characters that are not printable as \uXXXX, because texts of devices must not
// control the terminal that shows them.
func escaped(text string, keep func(rune) bool) string {
	shown := func(c rune) bool { return unicode.IsPrint(c) || keep(c) }
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return !shown(c) }) {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if shown(c) && c != utf8.RuneError {
			b.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&b, "\\u%04x", unit)
		}
	}
	return b.String()
}

// table prints rows for people.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, columns ...string) table {
	t := table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.row(toAny(columns)...)
	return t
}

func toAny(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// row prints a row; an empty value becomes a dash.
func (t table) row(values ...any) {
	cells := make([]string, len(values))
	for i, value := range values {
		if cells[i] = escaped(fmt.Sprint(value), func(rune) bool { return false }); cells[i] == "" {
			cells[i] = "-"
		}
	}
	// Flush returns the errors of a tabwriter.
	_, _ = fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

func (t table) end() error { return t.w.Flush() }

// formatTime formats a moment for people, in UTC like everything here.
func formatTime(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
