package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// Limits of a settings file.
const (
	maxSettingsFile = 64 << 10
	maxSettings     = 200
)

// setting is a line of a settings file: the name of a flag and its value.
type setting struct {
	line        int
	name, value string
}

// parseSettings reads a settings file: lines of the form "name = value". Empty lines and lines that
// begin with # are ignored. Values are written without quotes.
func parseSettings(text []byte) ([]setting, error) {
	if len(text) > maxSettingsFile {
		return nil, fmt.Errorf("it has more than %d bytes", maxSettingsFile)
	}
	if !utf8.Valid(text) || bytes.ContainsRune(text, 0) {
		return nil, errors.New("it is not a text in UTF-8")
	}
	var settings []setting
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxSettingsFile+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		s := setting{n, strings.TrimSpace(name), strings.TrimSpace(value)}
		switch {
		case !found || s.name == "":
			return nil, fmt.Errorf("line %d is not of the form name = value", n)
		case slices.ContainsFunc(settings, func(other setting) bool { return other.name == s.name }):
			return nil, fmt.Errorf("line %d sets %.60q again", n, s.name)
		case len(settings) == maxSettings:
			return nil, fmt.Errorf("it has more than %d settings", maxSettings)
		}
		settings = append(settings, s)
	}
	return settings, lines.Err()
}

// readSettings reads a settings file into flags; those in fixed stay as they are, because they were
// given on the command line. A file with an error changes nothing.
func readSettings(path string, flags *pflag.FlagSet, fixed func(name string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	text, err := io.ReadAll(io.LimitReader(f, maxSettingsFile+1))
	if err == nil {
		err = applySettings(text, flags, fixed)
	}
	if err != nil {
		return fmt.Errorf("the settings in %s: %w", path, err)
	}
	return nil
}

func applySettings(text []byte, flags *pflag.FlagSet, fixed func(name string) bool) error {
	settings, err := parseSettings(text)
	if err != nil {
		return err
	}
	for _, s := range settings {
		flag := flags.Lookup(s.name)
		if flag == nil || s.name == settingsFlag || s.name == "help" {
			return fmt.Errorf("line %d: there is no setting %.60q; they are the flags of `lts serve`, "+
				"without the dashes", s.line, s.name)
		}
		if fixed(s.name) {
			continue
		}
		if err := flags.Set(s.name, s.value); err != nil {
			return fmt.Errorf("line %d: %w", s.line, err)
		}
	}
	return nil
}
