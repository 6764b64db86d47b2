package store

import "errors"

// ErrDisk is the error of a change that could not be stored because the disk is full or fails. No
// part of the change was stored.
var ErrDisk = errors.New("the disk can't be written")

// Disk is a store on a disk of this machine.
type Disk interface {
	// Space returns the number of free bytes on the disk.
	Space() (int64, error)
}
