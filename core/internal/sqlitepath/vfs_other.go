//go:build !linux || !cgo

package sqlitepath

import (
	"errors"
	"os"
)

const supported = false

func register(string) error { return errors.ErrUnsupported }

func openDirectory(string) (*os.File, error) { return nil, errors.ErrUnsupported }
