package ledger

import "github.com/openlts/openlts/core/internal/datafile"

// shortName is the name by which SQLite opens a path.
func shortName(path string) (name string, release func(), err error) {
	return datafile.LongPath(path), func() {}, nil
}
