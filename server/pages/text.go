package pages

import (
	"embed"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"sync"
)

// The texts of the pages, by language. The English text is the key; another language is one more
// file, with translations.
//
//go:embed texts/*.json
var textFiles embed.FS

// catalogues are the translations by language.
var catalogues = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	files, err := textFiles.ReadDir("texts")
	if err != nil { // it is embedded
		panic(err)
	}
	for _, file := range files {
		data, err := textFiles.ReadFile("texts/" + file.Name())
		if err != nil {
			panic(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			panic(file.Name() + ": " + err.Error())
		}
		all[strings.TrimSuffix(file.Name(), path.Ext(file.Name()))] = texts
	}
	return all
})

// language is the first of the reader's preferred languages for which there is a catalogue; English
// if there is none.
func language(r *http.Request) string {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		name, _, _ = strings.Cut(strings.ToLower(name), "-")
		if _, ok := catalogues()[name]; ok {
			return name
		}
	}
	return "en"
}

// Language is the language of the page.
func (v *view) Language() string { return language(v.r.Request) }

func translate(r *http.Request, text string) string {
	if translated, ok := catalogues()[language(r)][text]; ok {
		return translated
	}
	return text
}
