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

// connection is one connection to a database that is open, and its witness.
type connection struct {
	db      *sql.DB
	only    *sql.Conn // of db: what the pragmas below say belongs to a connection
	path    string    // "" if it is in memory
	place   datafile.Place
	journal *datafile.Place // of the journal that is open, nil until there is one
	witness *witness
	release func() // what the name needs that the file was opened by
}

// longestPath is the longest path of a database that SQLite takes, with room for what
// it appends.
const longestPath = 490

func openMemory() (*connection, error) {
	return connect(":memory:?_txlock=immediate")
}

// openFile opens a database file. Nobody else may have the lock.
//
// A transaction ends with a rollback journal, which needs no index that processes
// share in memory, as a write-ahead log does: who finds a journal that is not
// empty plays it back. The journal stays open and keeps its size: so a process
// that dropped its privileges can go on, and a disk that is full is written to.
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
		// At first, or a file with a write-ahead log could not be opened, which somebody
		// may have given it with a tool.
		"_locking_mode": {"EXCLUSIVE"},
	}.Encode()}
	c, err := connect(dsn.String(),
		fmt.Sprintf("PRAGMA page_size = %d", pageSize), // of a file that is empty
		"PRAGMA journal_mode = PERSIST",
		"PRAGMA locking_mode = NORMAL", // or it would not look for what others changed
		// A receipt or a watermark must outlive a power cut. With a journal that persists,
		// NORMAL waits for the disk at the end of a transaction, too; what FULL adds guards
		// against a cut while the journal is written, when the database is still whole.
		"PRAGMA synchronous = NORMAL",
	)
	if err != nil {
		release()
		return nil, err
	}
	c.release = release
	c.path, c.place = path, datafile.PlaceOf(path, info)
	c.witness = openWitness(filepath.Join(filepath.Dir(path), WitnessName))
	_ = c.reserveJournal() // without, transactions may fail on a full disk
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

// gone tells whether the file was removed or replaced while it is open.
func (c *connection) gone() bool { return c.path != "" && c.place.Gone() }

// journalGone tells whether the journal was removed or replaced while it is open. A
// transaction that is cut could not be taken back then.
func (c *connection) journalGone() bool { return c.journal != nil && c.journal.Gone() }

// noteJournal notes which journal is open now.
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

// copyTo writes what the database holds to an empty file.
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
	// Not ended by a context, which would take a goroutine: whoever waits has to wait
	// no longer than for the disk.
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

// damaged tells whether an error means that the file is no ledger of ours, and
// not that it can't be reached just now.
func damaged(err error) bool {
	return errors.Is(err, errNewer) || errors.Is(err, errBadPage) || notOurs(err)
}
