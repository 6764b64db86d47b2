package postgres

import "strings"

// Clean returns a text in a form that PostgreSQL can store.
func Clean(text string) string { return clean(text) }

// clean returns a text in a form that PostgreSQL can store: PostgreSQL accepts no zero bytes and
// only UTF-8. Texts of strangers must not make a group of requests fail.
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
