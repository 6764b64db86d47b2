package administration

import (
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Kind is what sort of mistake an error is.
type Kind string

// Kinds of errors.
const (
	Invalid         Kind = "invalid"   // a value can't be
	NotFound        Kind = "not-found" // the object does not exist, or is not for the eyes of who asks
	Exists          Kind = "exists"    // it is there already
	InUse           Kind = "in-use"    // usage, or another object, hangs on it
	Conflict        Kind = "conflict"  // it is not any more what who asks saw
	Forbidden       Kind = "forbidden" // not for who asks
	Unauthenticated Kind = "unauthenticated"
	Limited         Kind = "limited"      // too many attempts
	WrongMethod     Kind = "wrong-method" // what is there is asked in another way
)

// Error is a mistake of who asks. What to do about it, in terms of flags or forms, is
// for the caller to say: it knows what it offers.
type Error struct {
	Kind   Kind
	Object string // what it is about: see the Object constants; "" if nothing in particular
	ID     string // of the object
	Field  string // the input it is about, by its JSON name; "" if none in particular
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

// Errors gives the mistakes that an error consists of; none if it is a failure of ours.
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
		whole.Text = err.Error() // with what was said around it
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
	return &Error{Kind: Invalid, Field: field, Text: fmt.Sprintf(text, arguments...)}
}

func exists(object, id string) error {
	return &Error{Kind: Exists, Object: object, ID: id,
		Text: fmt.Sprintf("there is %s %s %s already", article(object), object, id)}
}

func absent(object, id string) error {
	return &Error{Kind: NotFound, Object: object, ID: id, Text: fmt.Sprintf("there is no %s %q", object, id)}
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
