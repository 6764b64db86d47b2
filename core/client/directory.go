package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/datafile"
)

// dataDirectory is where usage is kept, and whether it can be written.
type dataDirectory struct {
	path string // absolute; "" if there is no directory, not even one to read from
	// unusable says why nothing can be written there. It is nil if writing is possible, and also
	// after errors that may pass: files in a full directory can still be used.
	unusable error
	place    datafile.Place
}

// writable tells whether to keep anything there.
func (d dataDirectory) writable() bool { return d.unusable == nil }

// prepareDirectory makes the data directory and finds out whether it can be written. It makes a
// relative path absolute, because the host may change its working directory later.
func prepareDirectory(chosen string) dataDirectory {
	path, err := chosenDirectory(chosen)
	if err != nil {
		return dataDirectory{unusable: err}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return dataDirectory{unusable: fmt.Errorf("the data directory can't be made: %w", err)}
	}
	if path, err = own(path); err != nil {
		return dataDirectory{unusable: err}
	}
	info, err := os.Stat(path)
	if err != nil {
		return dataDirectory{unusable: fmt.Errorf("the data directory can't be used: %w", err)}
	}
	return dataDirectory{path, refused(path), datafile.PlaceOf(path, info)}
}

func chosenDirectory(chosen string) (string, error) {
	if chosen == "" {
		return usersDirectory()
	}
	path, err := filepath.Abs(chosen)
	if err != nil {
		return "", fmt.Errorf("the data directory %s is relative to a directory that can't be found: %w", chosen, err)
	}
	return path, nil
}

// own gives the directory itself or, if everybody may make files there but nobody may remove those
// of others, a directory of this user's within it: otherwise users would block each other. If this
// user's files are in the directory already, they stay in use.
func own(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("the data directory can't be used: %w", err)
	}
	if info.Mode()&os.ModeSticky == 0 || info.Mode().Perm()&0o002 == 0 {
		return path, nil
	}
	for _, name := range []string{"device.json", "ledger.db"} {
		if file, err := os.Lstat(filepath.Join(path, name)); err == nil && file.Mode().IsRegular() && ownedByUs(file) {
			return path, nil
		}
	}
	path = filepath.Join(path, fmt.Sprintf("user-%d", os.Geteuid()))
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("the data directory can't be made: %w", err)
	}
	info, err = os.Lstat(path)
	if err != nil {
		return "", fmt.Errorf("the data directory can't be used: %w", err)
	}
	if !info.IsDir() || !ownedByUs(info) || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf(
			"%s is not a directory that only this user can write: remove it, or set another dataDirectory", path)
	}
	return path, nil
}

// refused says why a directory refuses to be written; nil if it may not refuse for good.
func refused(directory string) error {
	path := filepath.Join(directory, "write-test-"+uuid.NewString()+datafile.UnfinishedExtension)
	probe, err := datafile.Create(path)
	if err == nil {
		_ = probe.Close()
		_ = datafile.Remove(path)
		return nil
	}
	// A full disk or a lack of descriptors is no refusal: existing files may be written.
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("the data directory can't be written: %w", err)
	}
	return nil
}
