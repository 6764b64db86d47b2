// Package postgres stores the data of the License Tracking Server in a PostgreSQL database. Any
// number of servers may use a database at once.
//
// A group of requests is one transaction of few statements, which are sent to the database
// together: loading takes one round trip, and saving another. Between the two, only the device
// lists of the requested items are locked. A statement that changes a report contains the state in
// which the report was read; if the report has changed since, the group is decided again. The
// database itself adds to sums (totals, usage), at the end and in sorted order, so that groups wait
// for each other only briefly and never in a circle.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	relational.Store

	// write is for groups of requests and administrators; read is for queries that may take long.
	write, read *pgxpool.Pool
	keys        atomic.Pointer[recent.Cache[store.ReportKey]]

	catalog atomic.Pointer[catalog]
	types   operationTypes
	seated  seated
	part    int64 // of the totals of organizations, that this server adds to
}

var _ store.Store = (*Store)(nil)

// attemptTimeout is how long a group may take, including all waiting. A database that is stopped or
// disconnected does not answer at all.
const attemptTimeout = 15 * time.Second

// Open opens the database that a URL names (see ParseURL) and brings its schema up
// to date. With create, the tables are made if there are none.
func Open(ctx context.Context, url string, create bool) (*Store, error) {
	config, err := ParseURL(url)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, config, create, false)
	if err != nil {
		return nil, explain(config, err)
	}
	return s, nil
}

func openStore(ctx context.Context, config *pgxpool.Config, create, target bool) (*Store, error) {
	s := &Store{part: rand.Int64N(organizationParts)}
	s.Store = relational.NewStore(shared{s}, &dialect.Dialect)
	s.forgetKeys()
	s.catalog.Store(newCatalog(0))
	s.types.keys, s.seated.items = map[string]int64{}, map[store.ID]bool{}
	if err := s.open(ctx, config, create, target); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// maxReportKeys is the approximate number of report keys that are remembered.
const maxReportKeys = 100_000

func (s *Store) forgetKeys() { s.keys.Store(recent.New[store.ReportKey](maxReportKeys)) }

func (s *Store) open(ctx context.Context, config *pgxpool.Config, create, target bool) (err error) {
	if s.read, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := migrate(ctx, s.read, create, target); err != nil {
		return err
	}
	s.write, err = pgxpool.NewWithConfig(ctx, forWriting(config))
	return err
}

// Close closes the database once those who use it are done.
func (s *Store) Close() error {
	for _, pool := range []*pgxpool.Pool{s.write, s.read} {
		if pool != nil {
			pool.Close()
		}
	}
	return nil
}

// Ping tells whether the database answers and accepts changes, which a replica does not.
func (s *Store) Ping(ctx context.Context) error {
	var readOnly bool
	if err := s.read.QueryRow(ctx, `SELECT pg_is_in_recovery()`).Scan(&readOnly); err != nil {
		return unavailable(err)
	}
	if readOnly {
		return fmt.Errorf("%w: it is a replica that was not promoted, and takes no changes", store.ErrUnavailable)
	}
	return nil
}

// Apply answers a group of requests; see store.Store.
func (s *Store) Apply(ctx context.Context, keys *store.Keys, apply func(*store.State) *store.Change) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return repeat(ctx, func() error {
		return s.connected(ctx, func(conn *pgxpool.Conn) error { return s.applyOnce(ctx, conn, keys, apply) })
	})
}

func (s *Store) applyOnce(ctx context.Context, conn *pgxpool.Conn, keys *store.Keys,
	apply func(*store.State) *store.Change) error {
	loaded, err := s.load(ctx, conn, keys)
	if err != nil {
		return err
	}
	change := apply(loaded.state)
	saving := &saving{loading: loaded, change: change, newTypes: map[string]int64{}}
	if err := saving.save(); err != nil {
		return err
	}
	saving.remember()
	return nil
}

// connected runs f on a connection without a transaction. Whatever f leaves open is rolled back,
// even if it panics.
func (s *Store) connected(ctx context.Context, f func(*pgxpool.Conn) error) error {
	conn, err := s.write.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer func() {
		if !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
			// It has its own timeout, because ctx may have ended.
			rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_, _ = conn.Exec(rollback, `ROLLBACK`) // else the pool closes the connection
		}
	}()
	return f(conn)
}

// Update runs f in one transaction; see store.Store. Administrators take turns, whichever server
// they use.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.administer(ctx, func(t *transaction) error { return f(t) })
}

// administer runs f in one transaction, after which all servers read the catalog again.
func (s *Store) administer(ctx context.Context, f func(*transaction) error) error {
	return s.transact(ctx, func(t *transaction) error {
		// Servers that remember the catalog need not wait, because they check its version.
		if err := t.exec(`UPDATE catalog SET version = version + 1`); err != nil {
			return err
		}
		return f(t)
	})
}

// transact runs f in one transaction.
func (s *Store) transact(ctx context.Context, f func(*transaction) error) error {
	return unavailable(s.connected(ctx, func(conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, `BEGIN`); err != nil {
			return err
		}
		if err := f(s.newTransaction(ctx, conn)); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `COMMIT`)
		return err
	}))
}

// transaction is an open transaction of an administrator.
type transaction struct {
	relational.Tx

	ctx  context.Context
	conn *pgxpool.Conn
	s    *Store
}

func (s *Store) newTransaction(ctx context.Context, conn *pgxpool.Conn) *transaction {
	t := &transaction{ctx: ctx, conn: conn, s: s}
	t.Tx = relational.NewTx(ctx, t, &dialect.Dialect)
	return t
}

// Alone waits until all loaded groups are saved, and makes later ones wait.
func (t *transaction) Alone(ctx context.Context) error {
	_, err := t.conn.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2)`, lockSpace, sharedLock)
	return err
}

func (t *transaction) exec(query string, arguments ...any) error {
	_, err := t.conn.Exec(t.ctx, query, arguments...)
	return err
}

var errNoBackup = errors.New(
	"lts backup copies a SQLite database; a PostgreSQL one is saved by pg_dump, or continuously by pg_basebackup and " +
		"its log: see docs/scaling.md")

// Backup fails, because a client can't make a backup: PostgreSQL has its own tools.
func (s *Store) Backup(context.Context, string) error {
	return errNoBackup
}
