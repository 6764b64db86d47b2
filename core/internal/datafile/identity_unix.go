//go:build unix

package datafile

import "os"

// identity identifies a file independently of its name.
type identity struct{ info os.FileInfo }

func identityOf(_ string, opened os.FileInfo) identity { return identity{opened} }

func identify(path string) (identity, error) {
	info, err := os.Lstat(path)
	return identity{info}, err
}

func (i identity) is(other identity) bool { return os.SameFile(i.info, other.info) }

// root is the root directory of this process, or nil if it can't be determined.
func root() os.FileInfo {
	info, err := os.Stat("/")
	if err != nil {
		return nil
	}
	return info
}
