// Package wire reads report batches. It parses their JSON itself, for two reasons: it limits the
// memory for a body while it reads, not afterwards; and it takes a fifth of the time of
// encoding/json.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep unknown values may be nested.
const maxDepth = 16

// errEnd is the error for a text that ends too early.
var errEnd = errors.New("it ends too early")

// reader reads JSON (RFC 8259) from the front of a text.
type reader struct {
	text []byte
	at   int
	// names are strings that occurred before: the names of operation types are few, and they
	// repeat.
	names map[string]string
}

// next skips white space and returns the next byte without consuming it; 0 at the end.
func (r *reader) next() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// take consumes a byte, which must come next.
func (r *reader) take(want byte) error {
	c := r.next()
	if c != want || r.at >= len(r.text) {
		return r.unexpected(string(want))
	}
	r.at++
	return nil
}

func (r *reader) unexpected(want string) error {
	if r.at >= len(r.text) {
		return errEnd
	}
	return fmt.Errorf("at byte %d there is %q, not %s", r.at, r.text[r.at], want)
}

// null consumes the word null, if it comes next.
func (r *reader) null() bool { return r.next() == 'n' && r.word("null") }

func (r *reader) word(word string) bool {
	if len(r.text)-r.at < len(word) || string(r.text[r.at:r.at+len(word)]) != word {
		return false
	}
	r.at += len(word)
	return true
}

// object reads an object; field reads the value of a field.
func (r *reader) object(field func(name string) error) error {
	if err := r.take('{'); err != nil {
		return err
	}
	if r.next() == '}' {
		r.at++
		return nil
	}
	for {
		name, err := r.name()
		if err == nil {
			err = r.take(':')
		}
		if err == nil {
			err = field(name)
		}
		if err != nil {
			return err
		}
		if r.next() == '}' {
			r.at++
			return nil
		}
		if err := r.take(','); err != nil {
			return err
		}
	}
}

// array reads an array; element reads one of its elements.
func (r *reader) array(element func() error) error {
	if err := r.take('['); err != nil {
		return err
	}
	if r.next() == ']' {
		r.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if r.next() == ']' {
			r.at++
			return nil
		}
		if err := r.take(','); err != nil {
			return err
		}
	}
}

// raw consumes a string, and returns what is between its quotes; plain tells that this is the
// string itself, without escapes.
func (r *reader) raw() (inner []byte, plain bool, err error) {
	if err := r.take('"'); err != nil {
		return nil, false, err
	}
	begin := r.at
	plain = true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			inner = r.text[begin:r.at]
			r.at++
			return inner, plain, nil
		case c < ' ':
			return nil, false, fmt.Errorf("at byte %d a string holds a control character", r.at)
		case c == '\\':
			plain = false
			r.at++ // over what it escapes, which may be a quote
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return nil, false, errEnd
}

// string consumes a string.
func (r *reader) string() (string, error) {
	begin := r.at
	inner, plain, err := r.raw()
	if err != nil || plain {
		return string(inner), err
	}
	if !utf8.Valid(inner) {
		return "", fmt.Errorf("after byte %d a string is not UTF-8", begin)
	}
	var text string
	if err := json.Unmarshal(append(append([]byte{'"'}, inner...), '"'), &text); err != nil {
		return "", fmt.Errorf("after byte %d: %w", begin, err)
	}
	return text, nil
}

// maxNames is the number of names that are remembered; a batch of an honest client has a few dozen.
const maxNames = 1024

// name consumes a string that probably occurred before.
func (r *reader) name() (string, error) {
	before := r.at
	inner, plain, err := r.raw()
	if err != nil {
		return "", err
	}
	if !plain {
		r.at = before
		return r.string()
	}
	if known, ok := r.names[string(inner)]; ok {
		return known, nil
	}
	name := string(inner)
	if len(r.names) < maxNames {
		r.names[name] = name
	}
	return name, nil
}

// integer consumes a whole number.
func (r *reader) integer() (int64, error) {
	number, err := r.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a whole number that can be", number)
	}
	return n, nil
}

// number consumes a number in JSON's syntax.
func (r *reader) number() ([]byte, error) {
	r.next()
	begin := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			r.at++
			continue
		}
		break
	}
	number := r.text[begin:r.at]
	if len(number) == 0 {
		return nil, r.unexpected("a number")
	}
	if !plainInteger(number) && !json.Valid(number) {
		return nil, fmt.Errorf("%.40q is not a number", number)
	}
	return number, nil
}

// plainInteger tells whether this is an integer in JSON's syntax.
func plainInteger(number []byte) bool {
	for _, c := range number {
		if c < '0' || c > '9' {
			return false
		}
	}
	return number[0] != '0' || len(number) == 1
}

func (r *reader) boolean() (bool, error) {
	switch r.next() {
	case 't':
		if r.word("true") {
			return true, nil
		}
	case 'f':
		if r.word("false") {
			return false, nil
		}
	}
	return false, r.unexpected("true or false")
}

// skip consumes an unknown value.
func (r *reader) skip(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("at byte %d it is nested deeper than %d", r.at, maxDepth)
	}
	switch r.next() {
	case '{':
		return r.object(func(string) error { return r.skip(depth + 1) })
	case '[':
		return r.array(func() error { return r.skip(depth + 1) })
	case '"':
		begin := r.at
		if _, plain, err := r.raw(); err != nil || plain || json.Valid(r.text[begin:r.at]) {
			return err
		}
		return fmt.Errorf("at byte %d there is a string that is none", begin)
	case 't', 'f':
		_, err := r.boolean()
		return err
	case 'n':
		if !r.null() {
			return r.unexpected("null")
		}
		return nil
	}
	_, err := r.number()
	return err
}

// end tells whether only white space is left.
func (r *reader) end() error {
	if r.next(); r.at < len(r.text) {
		return fmt.Errorf("at byte %d there is more after the end", r.at)
	}
	return nil
}
