package postgres

import "strings"

// Clean gives a text as PostgreSQL can hold it.
func Clean(text string) string { return clean(text) }

// clean gives a text as PostgreSQL can hold it: it takes no zero bytes and nothing
// that is not UTF-8. What strangers send must not make a group of requests fail.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	return text
}

func cleanAll(texts []string) []string {
	cleaned := make([]string, len(texts))
	for i, text := range texts {
		cleaned[i] = clean(text)
	}
	return cleaned
}
