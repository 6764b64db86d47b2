package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/openlts/openlts/build/doccheck/markdown"
)

// block is code that a page shows.
type block struct {
	Section string `json:"section"`
	Line    int    `json:"line"`
	Code    string `json:"code"`
}

// printBlocks prints a page's blocks in a language. That there are none is an error: a test
// of them would pass without a word.
func printBlocks(out io.Writer, page, language string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	var found []block
	for _, b := range markdown.Parse(string(text)).Blocks {
		if b.Language == language {
			found = append(found, block{Section: b.Section, Line: b.Line + 1, Code: b.Text})
		}
	}
	if found == nil {
		return fmt.Errorf("%s has no block of code in %s", page, language)
	}
	return json.NewEncoder(out).Encode(found)
}
