package protocol

import (
	"errors"
	"fmt"
)

// Error is a status code with details.
type Error struct {
	Status Status
	Detail string // one line for people: what happened, to what, what to do
	Reason Reason // which meaning of the code this is, if it has several
	Err    error  // the cause, or nil
}

// Errorf makes an Error. As in fmt.Errorf, %w names the cause.
func Errorf(status Status, format string, arguments ...any) *Error {
	err := fmt.Errorf(format, arguments...)
	return &Error{Status: status, Detail: err.Error(), Err: errors.Unwrap(err)}
}

// Because gives the error a reason.
func (e *Error) Because(reason Reason) *Error {
	e.Reason = reason
	return e
}

// ReasonOf finds the reason of an error; "" if it has none.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// Error is the line for people.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Status.Message()
	}
	return e.Detail
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusOf finds the status code of an error: OK for nil, INTERNAL for an error
// that carries none.
func StatusOf(err error) Status {
	if err == nil {
		return StatusOK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	var s Status
	if errors.As(err, &s) {
		return s
	}
	return StatusInternal
}

// Is lets errors.Is find an error by its status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}
