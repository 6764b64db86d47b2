package api

import (
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
)

// leastSpace is how many bytes must be free on the disk, so that there is room until somebody has
// reacted.
const leastSpace = 64 << 20

// errDisk is the error if the disk can't be written.
var errDisk = errors.New("the disk is full or fails")

// diskReady says why the disk can't be written; nil if it can.
func (a *API) diskReady() error {
	if err := a.Writer.DiskError(); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	disk, ok := a.Store.(store.Disk)
	if !ok {
		return nil
	}
	space, err := disk.Space()
	if err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	if space < leastSpace {
		return fmt.Errorf("%w: %d bytes are left, less than %d", errDisk, space, leastSpace)
	}
	return nil
}
