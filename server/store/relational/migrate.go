package relational

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Migrate brings a schema up to date, and returns which version it had before: 0 if it had no
// tables. It refuses a schema that is newer than the program.
func Migrate(ctx context.Context, provider *goose.Provider) (before int64, err error) {
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > newest {
		return current, fmt.Errorf("its schema has version %d, this program knows versions up to %d; use the newer "+
			"lts that made it", current, newest)
	}
	if current == newest {
		return current, nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return current, fmt.Errorf("updating the schema from version %d to %d: %w", current, newest, err)
	}
	return current, nil
}
