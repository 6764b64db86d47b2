package postgres

import "github.com/jackc/pgx/v5/pgxpool"

// Pools are the pools of connections of a store, for tests.
func (s *Store) Pools() []*pgxpool.Pool { return []*pgxpool.Pool{s.write, s.read} }
