//go:build unix

package datafile

import "os"

// identity is which file a file is, whatever its name.
type identity struct{ info os.FileInfo }

func identityOf(_ string, opened os.FileInfo) identity { return identity{opened} }

func identify(path string) (identity, error) {
	info, err := os.Lstat(path)
	return identity{info}, err
}

func (i identity) is(other identity) bool { return os.SameFile(i.info, other.info) }

// root is the root of this process's paths, or nil if it can't be told.
func root() os.FileInfo {
	info, err := os.Stat("/")
	if err != nil {
		return nil
	}
	return info
}
