// Package markdown finds in a Markdown text what can be checked: fenced blocks,
// links, headings and code spans. It knows as much of Markdown as this
// project's documents use.
package markdown

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Block is a fenced block of code.
type Block struct {
	Language string // the first word after the fence, "" if there is none
	Text     string // without the fences; each line ends with a line feed
	Line     int    // of the opening fence, from 1
	Section  string // the heading of level 2 above it, as it is written; "" before the first
}

// Span is a piece of text in a line: the target of a link, or a code span.
type Span struct {
	Text string
	Line int // from 1
}

// Document is what was found in a text.
type Document struct {
	Blocks []Block
	Links  []Span // targets, as they are written
	Code   []Span // code spans, without the backquotes
	// Anchors are what a link can name after #: GitHub's names of the headings,
	// and explicit ones.
	Anchors map[string]bool
}

var (
	fence      = regexp.MustCompile("^ {0,3}(?:[-*] +|[0-9]+[.] +)? *(```+|~~~+) *([^ `]*)")
	codeSpan   = regexp.MustCompile("``(.+?)``|`([^`]+)`")
	inlineLink = regexp.MustCompile(`\]\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s]*)*)>?(?:\s+"[^"]*")?\)`)
	definition = regexp.MustCompile(`^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)>?`)
	section    = regexp.MustCompile(`^ {0,3}##\s+(.*?)\s*#*\s*$`)
	heading    = regexp.MustCompile(`^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$`)
	anchor     = regexp.MustCompile(`<a\s+(?:name|id)="([^"]+)"`)
	linkText   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// Parse reads a document. A block that is never closed reaches to the end, as
// it does when it is shown.
func Parse(text string) Document {
	d := Document{Anchors: map[string]bool{}}
	var open *Block
	var closing, indent, under string
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if open != nil {
			trimmed := strings.TrimSpace(line)
			if strings.HasPrefix(trimmed, closing) && strings.Trim(trimmed, closing[:1]) == "" {
				d.Blocks = append(d.Blocks, *open)
				open = nil
			} else {
				open.Text += strings.TrimPrefix(line, indent) + "\n"
			}
			continue
		}
		if match := fence.FindStringSubmatch(line); match != nil {
			closing = match[1]
			indent = strings.Repeat(" ", strings.Index(line, closing))
			open = &Block{Language: match[2], Line: n + 1, Section: under}
			continue
		}
		if match := section.FindStringSubmatch(line); match != nil {
			under = match[1]
		}
		d.line(line, n+1)
	}
	if open != nil {
		d.Blocks = append(d.Blocks, *open)
	}
	return d
}

// line takes what a line outside of blocks has.
func (d *Document) line(line string, number int) {
	if match := heading.FindStringSubmatch(line); match != nil {
		d.addAnchor(match[1])
	}
	for _, match := range anchor.FindAllStringSubmatch(line, -1) {
		d.Anchors[match[1]] = true
	}
	line = codeSpan.ReplaceAllStringFunc(line, func(span string) string {
		match := codeSpan.FindStringSubmatch(span)
		d.Code = append(d.Code, Span{strings.TrimSpace(match[1] + match[2]), number})
		return ""
	})
	for _, match := range inlineLink.FindAllStringSubmatch(line, -1) {
		d.Links = append(d.Links, Span{match[1], number})
	}
	if match := definition.FindStringSubmatch(line); match != nil {
		d.Links = append(d.Links, Span{match[1], number})
	}
}

// addAnchor names a heading as GitHub does: in small letters, without
// punctuation, with hyphens for spaces; a number tells equal ones apart.
func (d *Document) addAnchor(title string) {
	title = linkText.ReplaceAllString(title, "$1")
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	name := b.String()
	for n := 1; d.Anchors[name]; n++ {
		name = b.String() + "-" + strconv.Itoa(n)
	}
	d.Anchors[name] = true
}
