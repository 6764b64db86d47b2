package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// structure is a struct of the C ABI, with what mirrors it in every language.
type structure struct {
	Name   string  `json:"name"`
	Fields []field `json:"fields"`
}

// Kinds of fields.
const (
	sizeField        = "size"         // structSize
	paddingField     = "padding"      // 32 bits that nobody reads
	textField        = "text"         // UTF-8 of the caller's; empty if it is not given
	intField         = "int"          // 32 bits
	enumerationField = "enumeration"  // a value of an enumeration
	flagsField       = "flags"        // values of an enumeration, combined, of the caller's
	stateField       = "state"        // the same, of the library's
	timeoutField     = "milliseconds" // 32 bits
	listField        = "list"         // values of an enumeration: a pointer and a count
	timeField        = "time"         // seconds since 1970, 0 if there is none
	unitsField       = "units"        // 64 bits
	limitField       = "limit"        // 64 bits, negative if there is no limit
	bitsField        = "bits"         // bit n is set for value n of an enumeration
	stringField      = "string"       // UTF-8 of the library's, in an array of length bytes
)

type field struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Of      string `json:"of"`      // the enumeration
	Default any    `json:"default"` // a number, or the name of a value
	Limit   string `json:"limit"`   // of a text: URL, CODE or NAME (LTS_MAX_...)
	Length  int    `json:"length"`  // of a string, in bytes with the NUL
	From    string `json:"from"`    // where core/client.Info or Event has it
	Secret  bool   `json:"secret"`  // not to be shown
	Path    bool   `json:"path"`    // of a file or directory
	Always  bool   `json:"always"`  // a time that there always is
	Comment string `json:"comment"`
	Browser *own   `json:"browser"` // what differs in the edition for browsers

	prefix string // of the values of its enumeration
}

// own is what a language has its own way. What is empty is as everywhere else.
type own struct {
	Absent  bool   `json:"absent"` // the language does without the field, or has another in its place
	Name    string `json:"name"`
	Default any    `json:"default"`
	Comment string `json:"comment"`
}

// structure finds one by its name; the generator is of no use without it.
func (d definitions) structure(name string) structure {
	prefixes := map[string]string{"StatusCode": "ERR"}
	for _, e := range d.Enumerations {
		prefixes[e.Name] = e.Prefix
	}
	for _, s := range d.Structures {
		if s.Name != name {
			continue
		}
		for i := range s.Fields {
			s.Fields[i].prefix = prefixes[s.Fields[i].Of]
		}
		return s
	}
	panic("conformance/definitions.json has no structure " + name)
}

// Visible are the fields that every language has: all but those that are the C
// ABI's own business.
func (s structure) Visible() []field {
	return s.only(func(f field) bool { return f.Type != sizeField && f.Type != paddingField })
}

// Texts are the fields with texts of the caller's.
func (s structure) Texts() []field { return s.only(func(f field) bool { return f.Type == textField }) }

// Lists are those with a pointer and a count.
func (s structure) Lists() []field { return s.only(func(f field) bool { return f.Type == listField }) }

// Strings are those with an array of characters.
func (s structure) Strings() []field {
	return s.only(func(f field) bool { return f.Type == stringField })
}

// Ints are those with 32 bits.
func (s structure) Ints() []field {
	return s.only(func(f field) bool {
		switch f.Type {
		case intField, enumerationField, flagsField, stateField, timeoutField:
			return true
		}
		return false
	})
}

// Longs are those with 64 bits.
func (s structure) Longs() []field {
	return s.only(func(f field) bool {
		switch f.Type {
		case timeField, unitsField, limitField, bitsField:
			return true
		}
		return false
	})
}

func (s structure) only(wanted func(field) bool) []field {
	var fields []field
	for _, f := range s.Fields {
		if wanted(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

// HasDefault tells whether a field begins with another value than an empty one.
func (f field) HasDefault() bool { return f.Default != nil }

// Pascal is the field's name as Go and C# spell it: with a capital.
func (f field) Pascal() string {
	if rest, ok := strings.CutPrefix(f.Name, "ca"); ok && unicode.IsUpper(rune(rest[0])) {
		return "CA" + rest
	}
	return strings.ToUpper(f.Name[:1]) + f.Name[1:]
}

// Snake is the field's name as Python spells it.
func (f field) Snake() string {
	var b strings.Builder
	for i, r := range f.Name {
		before := i > 0 && unicode.IsLower(rune(f.Name[i-1]))
		last := i > 0 && i+1 < len(f.Name) && unicode.IsUpper(r) && unicode.IsLower(rune(f.Name[i+1]))
		if unicode.IsUpper(r) && (before || last) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Java is the field's name as Java spells it: as C does, but never with a capital
// first.
func (f field) Java() string {
	if rest, ok := strings.CutPrefix(f.Name, "UUID"); ok {
		return "uuid" + rest
	}
	return f.Name
}

// C is the type in C.
func (f field) C() string {
	switch f.Type {
	case sizeField, stateField:
		return "uint32_t "
	case paddingField:
		return "int32_t "
	case textField:
		return "const char *"
	case listField:
		return "const int32_t *"
	case bitsField:
		return "uint64_t "
	case timeField, unitsField, limitField:
		return "int64_t "
	case stringField:
		return "char "
	}
	return "int32_t "
}

// tongue is how a language speaks of what definitions.json names.
type tongue struct {
	field    func(field) string             // a field that a comment mentions in `quotes`
	kind     func(field) string             // what values a field has; "" where its type says so
	constant func(f field, v string) string // a value of its enumeration
	absent   string                         // a list that is not given
	noLimit  string                         // a limit that there is not
	plain    bool                           // comments don't tell the default
	sentence bool                           // comments begin with a capital and end with a stop
	quote    func(text string) string       // escapes a comment
	all      map[string]field               // the fields, by their names
}

// mention is how a comment names another field.
var mention = regexp.MustCompile("`\\w+`")

// describe is the comment of a field.
func (t tongue) describe(f field) string {
	text := f.Comment
	if t.quote != nil {
		text = t.quote(text)
	}
	text = mention.ReplaceAllStringFunc(text, func(quoted string) string {
		other, ok := t.all[strings.Trim(quoted, "`")]
		if !ok {
			panic("the comment of " + f.Name + " mentions " + quoted + ", which there is not")
		}
		return t.field(other)
	})
	if kind := t.kind(f); kind != "" {
		text += " (" + kind + ")"
	}
	switch {
	case f.Type == listField && t.absent != "":
		text += "; " + t.absent
	case f.Type == limitField:
		text += "; " + t.noLimit
	}
	switch value := f.Default.(type) {
	case string:
		if t.constant != nil {
			text += "; " + t.constant(f, value) + " by default"
		}
	case float64:
		if !t.plain {
			text += fmt.Sprintf("; %v by default", value)
		}
	}
	if t.sentence {
		if !strings.HasPrefix(text, "http") {
			text = strings.ToUpper(text[:1]) + text[1:]
		}
		if !strings.HasSuffix(text, ":port") {
			text += "."
		}
	}
	return text
}

func (s structure) byName() map[string]field {
	all := map[string]field{}
	for _, f := range s.Fields {
		all[f.Name] = f
	}
	return all
}

// unbroken is a space at which no line is broken.
const unbroken = "\x00"

// wrap breaks a text into lines: the first begins with open, the others with
// next, and close ends the last. No line is longer than width characters.
func wrap(text, open, next, end string, width int) string {
	var lines []string
	line, empty := open, true
	words := strings.Fields(text)
	for i, word := range words {
		length := len(line) + len(word)
		if !empty {
			length++
		}
		if i == len(words)-1 {
			length += len(end)
		}
		if !empty && length > width {
			lines = append(lines, line)
			line, empty = next, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	return strings.ReplaceAll(strings.Join(append(lines, line+end), "\n"), unbroken, " ")
}

// told is a structure as a language tells of it.
type told struct {
	structure
	tongue
}

// tell gives a structure the words of a language.
func (d definitions) tell(name string, t tongue) told {
	s := d.structure(name)
	t.all = s.byName()
	return told{s, t}
}

// Describe is the comment of a field.
func (t told) Describe(f field) string { return t.describe(f) }
