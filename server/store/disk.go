package store

import "errors"

// ErrDisk is the error of what could not be stored because the disk is full, or
// fails. Nothing of it was stored.
var ErrDisk = errors.New("the disk can't be written")

// Disk is a store on a disk of this machine.
type Disk interface {
	// Space is how many bytes the disk has left.
	Space() (int64, error)
}
