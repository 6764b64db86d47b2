package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/openlts/openlts/server/store"
)

// loading is a State with what is needed to save the resulting change.
type loading struct {
	ctx     context.Context
	conn    *pgxpool.Conn
	s       *Store
	keys    *store.Keys
	state   *store.State
	catalog *catalog
	version int64 // of the catalog, as the database has it
	folded  int64 // the moment before which totals of organizations have all slots

	// byKey are the devices of the state that are known.
	byKey   map[store.ID]*store.DeviceState
	uuids   map[store.ID]string
	slots   map[*store.Run][]int64
	found   []*store.Run // of the state, whose reports are to be loaded
	missing []missingRun
	// newcomers are the devices that report runs which are not known. Their grants are needed, like
	// those of the askers.
	newcomers []int64
	// changes counts how often the stored reports were changed.
	changes map[store.SlotKey]int64
	// seatChanges counts how often the seats of items were changed.
	seatChanges map[store.ID]int64
}

type missingRun struct {
	key    store.RunKey
	device store.ID
	run    *store.Run
}

// errStale means that what was remembered is not valid any more.
var errStale = errors.New("what was remembered has changed")

// load begins a transaction and reads what keys name.
func (s *Store) load(ctx context.Context, conn *pgxpool.Conn, keys *store.Keys) (*loading, error) {
	for {
		l := &loading{ctx: ctx, conn: conn, s: s, keys: keys, catalog: s.catalog.Load()}
		err := l.load()
		if !errors.Is(err, errStale) {
			return l, err
		}
		if l.version != l.catalog.version {
			s.catalog.CompareAndSwap(l.catalog, newCatalog(l.version))
			s.forgetKeys()
		}
		if _, err := conn.Exec(ctx, `ROLLBACK`); err != nil {
			return nil, err
		}
	}
}

func (l *loading) load() error {
	l.state = &store.State{
		Organizations: map[string]store.Organization{}, Codes: map[string]store.HandshakeCode{},
		CodeItems: map[store.ID][]store.CodeItem{}, Items: map[string]store.Item{}, Types: map[string]map[string]bool{},
		Uses: map[store.ID]*store.Use{}, Devices: map[string]*store.DeviceState{}, Runs: map[store.RunKey]*store.Run{},
		Grants: map[store.Grant]bool{}, Trials: map[store.Trial]int64{}, Domains: map[store.DomainKey]bool{},
	}
	l.byKey, l.uuids = map[store.ID]*store.DeviceState{}, map[store.ID]string{}
	l.slots, l.changes, l.seatChanges = map[*store.Run][]int64{}, map[store.SlotKey]int64{}, map[store.ID]int64{}
	for _, reporter := range l.keys.Reporters {
		l.device(reporter.UUID, reporter.Device)
	}
	if err := l.names(); err != nil {
		return err
	}
	l.rememberedRuns()

	b := &batch{}
	b.exec(`BEGIN`)
	for _, queue := range []func(*batch){
		l.queueShared, l.queueVersion, l.queueLocks, l.queueLatest, l.queueUses, l.queueSums, l.queueSteps,
		l.queueAskers, l.queueTrials, l.queueSeats, l.queueDomains, l.queueAccounts, l.queueRuns, l.queueReports,
		l.queueGrants,
	} {
		queue(b)
	}
	if err := b.send(l.ctx, l.conn); err != nil {
		return err
	}
	if l.version != l.catalog.version || l.newlySeated() {
		return errStale
	}
	if len(l.found) == 0 {
		return nil
	}
	// Runs that were not remembered and turned out to be there.
	more := &batch{}
	l.queueReports(more)
	return more.send(l.ctx, l.conn)
}

// batch contains statements that are sent to the database together.
type batch struct{ pgx.Batch }

func (b *batch) exec(query string, arguments ...any) { b.Queue(query, arguments...) }

// each calls scan for each row of a query.
func (b *batch) each(query string, arguments []any, scan func(pgx.Rows) error) {
	b.Queue(query, arguments...).Query(func(rows pgx.Rows) error { return eachRow(rows, scan) })
}

// all requires that a statement changes this many rows. Otherwise somebody else has changed some of
// them since they were read. The database itself checks this, by a division by zero, so that the
// following statements, up to the COMMIT, can already be on their way.
func (b *batch) all(rows int, query string, arguments ...any) {
	b.Queue(fmt.Sprintf(`WITH changed AS (%s RETURNING 1) SELECT 1 / (count(*) = $%d)::integer FROM changed`, query,
		len(arguments)+1),
		append(arguments, rows)...)
}

func (b *batch) send(ctx context.Context, conn *pgxpool.Conn) error {
	return conn.SendBatch(ctx, &b.Batch).Close()
}

func eachRow(rows pgx.Rows, scan func(pgx.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
