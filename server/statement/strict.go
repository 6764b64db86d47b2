package statement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// readStrictly reads a JSON text that somebody may have changed. The text must mean the same for
// every reader. So a duplicate field is an error, because some programs show the first one and
// others the last. An unknown field is an error, too, because nothing would be compared with it.
func readStrictly(text []byte, value any) error {
	if err := eachOnce(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the end")
	}
	// encoding/json ignores the case of names, including equivalent letters of Unicode; other
	// readers don't.
	read, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(plain(text), plain(read)) {
		return errors.New("its fields are not written as they should be")
	}
	return nil
}

// plain is the content of a JSON text without knowledge of its fields; nil if it is not JSON.
func plain(text []byte) (says any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&says); err != nil {
		return nil
	}
	return says
}

// maxDepth is how deep a file may be nested; a statement has four levels.
const maxDepth = 16

// eachOnce reads to the end, and gives an error if an object has a field twice. Names that differ
// only in case count as the same, as for encoding/json.
func eachOnce(decoder *json.Decoder) error {
	type level struct {
		names map[string]bool // of an object; nil: an array
		value bool            // what comes next is the value of a name
	}
	var levels []level
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].names != nil {
			inside := &levels[n-1]
			if name, ok := token.(string); ok && !inside.value {
				name = strings.ToLower(name)
				if inside.names[name] {
					return fmt.Errorf("the field %q is there twice", name)
				}
				inside.names[name], inside.value = true, true
				continue
			}
			inside.value = false
		}
		if delimiter, ok := token.(json.Delim); ok {
			if len(levels) == maxDepth {
				return fmt.Errorf("it is nested deeper than %d", maxDepth)
			}
			opened := level{}
			if delimiter == '{' {
				opened.names = map[string]bool{}
			}
			levels = append(levels, opened)
		}
	}
}
