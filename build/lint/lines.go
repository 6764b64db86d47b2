package main

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// widest is how many columns a line may have: two files fit beside each other.
const widest = 120

// tabWidth is how many columns a tab is wide.
const tabWidth = 4

// notOurs are folders without sources of ours.
var notOurs = []string{"out", ".git", "node_modules"}

// Sources that are generated have the lines that their generators make: whole files, and
// regions of others.
var (
	generated = regexp.MustCompile(`(?m)^// (Code generated|Generated from) .* (DO NOT EDIT|Do not edit)\.$`)
	heading   = regexp.MustCompile(`^#{1,6} `)
	region    = regexp.MustCompile(`^\s*// generated: (\w+)$`)
)

// lines looks at the lines of every source in Go and of every document: they are not too
// wide, no comparison is torn between its sides, and headings stand alone.
func (l *linter) lines(repository fs.FS) error {
	return fs.WalkDir(repository, ".", func(path string, entry fs.DirEntry, err error) error {
		switch extension := filepath.Ext(path); {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notOurs, entry.Name()):
			return fs.SkipDir
		case !entry.Type().IsRegular() || extension != ".go" && extension != ".md":
			return nil
		}
		text, err := fs.ReadFile(repository, path)
		if err != nil {
			return err
		}
		excused, code := proseIsExcused, false
		if filepath.Ext(path) == ".go" {
			if generated.Match(text) {
				return nil
			}
			raw := rawStrings(text)
			code = true
			excused = func(n int, line string) bool { return codeIsExcused(line, raw[n]) }
		}
		fenced, inRegion := false, false
		all := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		for n, line := range all {
			if filepath.Ext(path) == ".md" && strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
			}
			if !code && !fenced && heading.MatchString(line) &&
				(n > 0 && all[n-1] != "" || n+1 < len(all) && all[n+1] != "") {
				l.findings = append(l.findings, finding{token.Position{Filename: path, Line: n + 1, Column: 1},
					"the heading needs an empty line before and after it"})
			}
			if begins := region.FindStringSubmatch(line); begins != nil {
				inRegion = begins[1] != "end"
			}
			if columns(line) > widest && !fenced && !inRegion && !excused(n, line) {
				l.findings = append(l.findings, finding{token.Position{Filename: path, Line: n + 1, Column: widest + 1},
					"the line has more than 120 columns"})
			}
			if code && !inRegion && (strings.HasSuffix(line, " ==") || strings.HasSuffix(line, " !=")) {
				at := token.Position{Filename: path, Line: n + 1, Column: len(line) - 1}
				l.findings = append(l.findings, finding{at,
					"the other side of the comparison is on the next line; name one side first"})
			}
		}
		return nil
	})
}

func columns(line string) int {
	return utf8.RuneCountInString(line) + (tabWidth-1)*strings.Count(line, "\t")
}

// proseIsExcused: tables and links can't be broken.
func proseIsExcused(_ int, line string) bool {
	return strings.HasPrefix(strings.TrimSpace(line), "|") || strings.Contains(line, "](") ||
		strings.Contains(line, "://")
}

// wideString is how many columns of a raw string excuse its line: it goes into no line of
// its own that would be better, and a break in it may mean something.
const wideString = 80

// codeIsExcused: nor can addresses, what tools read, or raw strings, which take so many
// columns of the line.
func codeIsExcused(line string, raw int) bool {
	trimmed := strings.TrimSpace(line)
	return strings.Contains(line, "://") || strings.HasPrefix(trimmed, "//go:") ||
		raw >= wideString && columns(line)-raw <= widest
}

// rawStrings tells how many columns of each line are in raw strings.
func rawStrings(text []byte) map[int]int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	raw := map[int]int{}
	for {
		at, kind, literal := s.Scan()
		switch {
		case kind == token.EOF:
			return raw
		case kind == token.STRING && literal[0] == '`':
			first := file.Line(at) - 1
			for n, part := range strings.Split(literal, "\n") {
				raw[first+n] += columns(strings.TrimLeft(part, "\t"))
			}
		}
	}
}
