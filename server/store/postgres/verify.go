package postgres

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/store"
)

func (s *Store) Verify(ctx context.Context) (store.Verification, error) {
	return store.Verification{}, errors.ErrUnsupported
}
