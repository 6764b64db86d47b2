package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3" // the SQLite driver

	"github.com/openlts/openlts/core/internal/datafile"
)

// connection is a connection to an open database, and its witness.
type connection struct {
	db      *sql.DB
	only    *sql.Conn // of db: the pragmas below apply to a single connection
	path    string    // "" if it is in memory
	place   datafile.Place
	journal *datafile.Place // of the open journal; nil until there is one
	witness *witness
	release func() // releases the name by which the file was opened
}

// longestPath is the longest path that SQLite accepts for a database, with room for what it
// appends.
const longestPath = 490

func openMemory() (*connection, error) {
	return connect(":memory:?_txlock=immediate")
}

// openFile opens a database file. The caller holds the lock.
//
// Transactions use a rollback journal, which unlike a write-ahead log needs no index in shared
// memory: whoever finds a journal that is not empty plays it back. The journal stays open and keeps
// its size, so that a process which dropped its privileges can continue, and transactions work on a
// full disk.
func openFile(path string) (*connection, error) {
	info, err := datafile.Check(path, datafile.Write)
	if err != nil {
		return nil, err
	}
	files, err := vfs()
	if err != nil {
		return nil, err
	}
	name, release, err := shortName(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: name}).EscapedPath(), RawQuery: url.Values{
		"vfs":     {files},
		"_txlock": {"immediate"},
		// At first, because otherwise the driver can't open a file with a write-ahead log,
		// which somebody may have given it with a tool.
		"_locking_mode": {"EXCLUSIVE"},
	}.Encode()}
	c, err := connect(dsn.String(),
		fmt.Sprintf("PRAGMA page_size = %d", pageSize), // applies to an empty file only
		"PRAGMA journal_mode = PERSIST",
		"PRAGMA locking_mode = NORMAL", // otherwise SQLite would not look for changes of others
		// A receipt or a watermark must survive a power cut. With a persistent journal, NORMAL also
		// waits for the disk at the end of a transaction. FULL would add protection against a power
		// cut while the journal is written, but then the database is still intact.
		"PRAGMA synchronous = NORMAL",
	)
	if err != nil {
		release()
		return nil, err
	}
	c.release = release
	c.path, c.place = path, datafile.PlaceOf(path, info)
	c.witness = openWitness(filepath.Join(filepath.Dir(path), WitnessName))
	_ = c.reserveJournal() // if it fails, transactions may fail on a full disk
	return c, nil
}

func connect(dsn string, pragmas ...string) (*connection, error) {
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	c := &connection{db: db, witness: &witness{}, release: func() {}}
	if c.only, err = db.Conn(context.Background()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, pragma := range pragmas {
		if _, err := c.only.ExecContext(context.Background(), pragma); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	if err := c.transaction(migrate); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *connection) close() error {
	if c == nil {
		return nil
	}
	c.witness.close()
	err := errors.Join(c.only.Close(), c.db.Close())
	c.release()
	return err
}

// gone tells whether the open file was removed or replaced.
func (c *connection) gone() bool { return c.path != "" && c.place.Gone() }

// journalGone tells whether the open journal was removed or replaced. Then an interrupted
// transaction could not be rolled back.
func (c *connection) journalGone() bool { return c.journal != nil && c.journal.Gone() }

// noteJournal remembers which journal is open.
func (c *connection) noteJournal() {
	if c.path == "" || c.journal != nil {
		return
	}
	path := c.path + journalSuffix
	if info, err := datafile.Check(path, datafile.Write); err == nil {
		place := datafile.PlaceOf(path, info)
		c.journal = &place
	}
}

// copyTo writes the content of the database to an empty file.
func (c *connection) copyTo(path string) error {
	name, release, err := shortName(path)
	if err != nil {
		return err
	}
	defer release()
	_, err = c.only.ExecContext(context.Background(), "VACUUM INTO ?", name)
	return err
}

func (c *connection) transaction(do func(tx *sql.Tx) error) error {
	// No context, which would need a goroutine: the caller waits only for the disk.
	tx, err := c.only.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	err = tx.Commit()
	c.noteJournal()
	return err
}

// damaged tells whether an error means that the file is not a ledger of ours, and not just that it
// can't be read now.
func damaged(err error) bool {
	return errors.Is(err, errNewer) || errors.Is(err, errBadPage) || notOurs(err)
}
