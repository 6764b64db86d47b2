package administration

import (
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Kind is the kind of a mistake.
type Kind string

// Kinds of errors.
const (
	Invalid         Kind = "invalid"   // a value is not possible
	NotFound        Kind = "not-found" // the object does not exist, or is not for the eyes of who asks
	Exists          Kind = "exists"    // it exists already
	InUse           Kind = "in-use"    // usage or another object depends on it
	Conflict        Kind = "conflict"  // it has changed since the caller read it
	Forbidden       Kind = "forbidden" // not for who asks
	Unauthenticated Kind = "unauthenticated"
	Limited         Kind = "limited"      // too many attempts
	WrongMethod     Kind = "wrong-method" // what is there is asked in another way
)

// Error is a mistake of the caller's user. The caller says what to do about it, because it knows
// whether it offers flags or forms.
type Error struct {
	Kind   Kind
	Object string // the kind of object it is about, see the Object constants; "" if none
	ID     string // of the object
	Field  string // the JSON name of the input it is about; "" if none
	Text   string
}

// Objects of errors.
const (
	ObjectOrganization = "organization"
	ObjectCode         = "handshake code"
	ObjectItem         = "item"
	ObjectDevice       = "device"
	ObjectAccount      = "account"
	ObjectToken        = "token"
	ObjectChannel      = "alert channel"
	ObjectProduct      = "product"
	ObjectLicense      = "license file"
)

func (e *Error) Error() string { return e.Text }

// Errors gives the mistakes of which an error consists; none if it is a failure of the server.
func Errors(err error) []*Error {
	var list []*Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			list = append(list, Errors(each)...)
		}
		return list
	}
	var e *Error
	if errors.As(err, &e) {
		whole := *e
		whole.Text = err.Error() // with the text around it
		return []*Error{&whole}
	}
	return nil
}

// IsKind tells whether an error is a mistake of this kind.
func IsKind(err error, kind Kind) bool {
	list := Errors(err)
	return len(list) > 0 && list[0].Kind == kind
}

func invalid(field, text string, arguments ...any) error {
	for i, argument := range arguments {
		if long, ok := argument.(string); ok {
			arguments[i] = excerpt(long)
		}
	}
	return &Error{Kind: Invalid, Field: field, Text: fmt.Sprintf(text, arguments...)}
}

// maxExcerpt is how much of what was entered is repeated in an error, in characters.
const maxExcerpt = 300

// excerpt is a text, or the beginning of a long one.
func excerpt(text string) string {
	n := 0
	for i := range text {
		if n++; n > maxExcerpt {
			return text[:i] + "…"
		}
	}
	return text
}

func exists(object, id string) error {
	return &Error{Kind: Exists, Object: object, ID: id,
		Text: fmt.Sprintf("there is %s %s %s already", article(object), object, excerpt(id))}
}

func absent(object, id string) error {
	return &Error{Kind: NotFound, Object: object, ID: id, Text: fmt.Sprintf("there is no %s %q", object, excerpt(id))}
}

func article(noun string) string {
	switch noun[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an"
	}
	return "a"
}

// notFound names what was not found.
func notFound(err error, object, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(object, id)
	}
	return err
}

// inUse names what can't be removed.
func inUse(err error, object, id, why string) error {
	if errors.Is(err, store.ErrInUse) {
		return &Error{
			Kind: InUse, Object: object, ID: id, Text: fmt.Sprintf("the %s %s can't be removed: %s", object, id, why),
		}
	}
	return err
}

// selection names what is wrong with a selection.
func selection(err error) error {
	switch {
	case errors.Is(err, records.ErrCursor):
		return invalid("after", "%s", err)
	case errors.Is(err, records.ErrSort):
		return invalid("sort", "%s", err)
	case errors.Is(err, records.ErrState):
		return invalid("state", "%s", err)
	}
	return err
}
