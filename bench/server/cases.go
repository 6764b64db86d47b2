package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/openlts/openlts/bench/history"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/sqlite"
)

// bench is a run of the benchmark.
type bench struct {
	options
	ctx       context.Context
	directory string
	cluster   *postgrestest.Cluster // nil: no cases on PostgreSQL
	processes []*process
	worlds    []*world
}

// measured is a case.
type measured struct {
	name, unit string
	reports    float64 // that the unit has of each request
	run        func(time.Duration) (rate float64, err error)
}

// Numbers of a run.
const (
	devices   = 400
	coldItems = 100
	// mostRate is more than any machine reaches, by which requests are made in advance.
	mostSingle, mostBatch = 40_000, 3_000
)

// process is a server.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	url   string
}

func (b *bench) start(arguments ...string) (*process, error) {
	cmd := exec.CommandContext(b.ctx, os.Args[0], append([]string{"-serve"}, arguments...)...)
	cmd.Stderr = os.Stderr
	p := &process{cmd: cmd}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b.processes = append(b.processes, p)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	p.url = strings.TrimSpace(line)
	return p, nil
}

func (b *bench) end() {
	for _, p := range b.processes {
		_ = p.stdin.Close()
		_ = p.cmd.Wait() // however it ended, it has
	}
	b.processes = nil
}

// world is a database with items, servers on it, and devices.
type world struct {
	database string
	urls     []string
	hot      []*reporter
	cold     []*reporter
	answered int64 // reports
	stored   int64 // operations that were there before
	unsummed bool  // longer totals than those of slots are not kept
}

// newWorld makes a database with nodes on it.
func (b *bench) newWorld(name string, nodes int, prepare ...func(*world) error) (*world, error) {
	w := &world{database: name}
	s, err := database.Open(b.ctx, name, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	admin := administration.Administrator{Store: s, Now: time.Now, Actor: "bench"}
	if _, err := admin.AddOrganization(b.ctx, "Example", "100001"); err != nil {
		return nil, err
	}
	items := []string{"hot", "seated", "free"}
	var cold []string
	for i := range coldItems {
		cold = append(cold, fmt.Sprintf("cold%d", i))
	}
	for _, id := range append(items, cold...) {
		if _, err := admin.AddHandshakeCode(b.ctx,
			administration.HandshakeCode{Organization: "100001", Custom: id}); err != nil {
			return nil, err
		}
		item := store.Item{ID: id, Name: id, Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
			Products: protocol.ProductAll, Quota: 1 << 50,
			StartsAt: firstSlot, ExpiresAt: time.Now().AddDate(1, 0, 0).Unix(), MaxBufferDays: 365}
		if id == "seated" {
			item.ChargeWay = protocol.ChargeWayDeviceCount
		}
		if _, err := admin.AddItem(b.ctx, item, []string{"100001-" + id}); err != nil {
			return nil, err
		}
	}
	for _, each := range prepare {
		if err := each(w); err != nil {
			return nil, err
		}
	}
	for range nodes {
		p, err := b.start(name)
		if err != nil {
			return nil, err
		}
		w.urls = append(w.urls, p.url)
	}
	if w.hot, err = newReporters(w.urls[0], devices, "hot"); err != nil {
		return nil, err
	}
	w.cold, err = newReporters(w.urls[0], devices, cold...)
	b.worlds = append(b.worlds, w)
	return w, err
}

// batches makes requests of devices in turn.
func batches(reporters []*reporter, n, reports int) ([][]byte, error) {
	requests := make([][]byte, n)
	for i := range requests {
		var err error
		if requests[i], err = reporters[i%len(reporters)].request(reports); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// reporting measures reports to a world, or to another server that takes the same.
func (w *world) reporting(reporters []*reporter, reports, connections int,
	targets ...string) func(time.Duration) (float64, error) {
	stores := len(targets) == 0
	if stores {
		targets = w.urls
	}
	return func(length time.Duration) (float64, error) {
		most := mostSingle
		if reports > 1 {
			most = mostBatch
		}
		requests, err := batches(reporters, int(length.Seconds()*float64(most)), reports)
		if err != nil {
			return 0, err
		}
		rate, answered, err := fire(targets, requests, connections, length)
		if stores {
			w.answered += answered * int64(reports)
		}
		return rate, err
	}
}

// authorizing measures authorizations of new devices.
func (w *world) authorizing(item string) func(time.Duration) (float64, error) {
	return func(length time.Duration) (float64, error) {
		requests := make([][]byte, int(length.Seconds()*10_000))
		for i := range requests {
			d := servertest.NewDevice("")
			body, err := json.Marshal(d.Request("100001-" + item))
			if err != nil {
				return 0, err
			}
			requests[i] = post(protocol.PathAuthorizations, body, nil)
		}
		rate, _, err := fire(w.urls, requests, 64, length)
		return rate, err
	}
}

// cases sets everything up.
func (b *bench) cases() ([]measured, error) {
	nothing, err := b.start(empty)
	if err != nil {
		return nil, err
	}
	sqlite, err := b.newWorld(database.SQLite(filepath.Join(b.directory, "sqlite")), 1)
	if err != nil {
		return nil, err
	}
	ceiling, err := b.start(decode, sqlite.database)
	if err != nil {
		return nil, err
	}
	floor, err := b.start(journal, sqlite.database, filepath.Join(b.directory, "journal"))
	if err != nil {
		return nil, err
	}
	unsummed, err := b.newWorld(database.SQLite(filepath.Join(b.directory, "unsummed")), 1, b.withoutSums)
	if err != nil {
		return nil, err
	}
	past, err := b.grow(filepath.Join(b.directory, "grown"))
	if err != nil {
		return nil, err
	}
	grown, err := b.newWorld(database.SQLite(filepath.Join(b.directory, "grown")), 1)
	if err != nil {
		return nil, err
	}
	grown.stored = past
	if err := sqlite.fill(b.seats); err != nil {
		return nil, err
	}
	list := []measured{
		{"empty batch100", "requests", 1, sqlite.reporting(sqlite.hot, reportsInBatch, 16, nothing.url)},
		{"decode single", "reports", 1, sqlite.reporting(sqlite.hot, 1, 256, ceiling.url)},
		{"journal single", "reports", 1, sqlite.reporting(sqlite.hot, 1, 256, floor.url)},
		{"sqlite single", "reports", 1, sqlite.reporting(sqlite.hot, 1, 256)},
		{"sqlite unsummed", "reports", 1, unsummed.reporting(unsummed.hot, 1, 256)},
		{"sqlite cold", "reports", 1, sqlite.reporting(sqlite.cold, 1, 256)},
		{"sqlite grown", "reports", 1, grown.reporting(grown.hot, 1, 256)},
		{"sqlite batch100", "reports", reportsInBatch, sqlite.reporting(sqlite.hot, reportsInBatch, 16)},
		{"sqlite devices", "authorizations", 1, sqlite.authorizing("free")},
		{"sqlite seats", "authorizations", 1, sqlite.authorizing("seated")},
	}
	if b.cluster == nil {
		return list, nil
	}
	for nodes, name := range map[int]string{1: "postgres", 2: "postgres2"} {
		url, err := b.cluster.Fresh(b.ctx)
		if err != nil {
			return nil, err
		}
		w, err := b.newWorld(url, nodes)
		if err != nil {
			return nil, err
		}
		list = append(list, measured{
			name + " batch100", "reports", reportsInBatch, w.reporting(w.hot, reportsInBatch, 64),
		})
		if nodes > 1 {
			continue
		}
		if err := w.fill(b.seats); err != nil {
			return nil, err
		}
		list = append(list,
			measured{name + " single", "reports", 1, w.reporting(w.hot, 1, 256)},
			measured{name + " cold", "reports", 1, w.reporting(w.cold, 1, 256)},
			measured{name + " devices", "authorizations", 1, w.authorizing("free")},
			measured{name + " seats", "authorizations", 1, w.authorizing("seated")})
	}
	return list, nil
}

// grow makes a database with a year of reports before those of the benchmark, and tells how many
// operations they are.
func (b *bench) grow(directory string) (units int64, err error) {
	told := time.Now()
	made, err := history.Fill(b.ctx, directory, history.Options{
		Reports: int64(b.grown), Devices: devices, Days: 365, Seed: 1, Until: time.Unix(firstSlot, 0),
		Progress: func(done, of int) {
			if time.Since(told) >= 5*time.Second {
				told = time.Now()
				fmt.Printf("day %d of %d is made\n", done+1, of)
			}
		},
	})
	return made.Units, err
}

// sums are the totals that are kept beside those of slots.
var sums = []string{
	"total_quarter_hour", "total_hour", "total_quarter_day", "total_day", "total_month", "total_organization",
	"total_device", "total_device_quarter", "total_device_month",
}

// withoutSums has a database leave out longer totals: nothing is ever written there.
func (b *bench) withoutSums(w *world) (err error) {
	w.unsummed = true
	db, err := sql.Open("sqlite3", filepath.Join(database.Directory(w.database), sqlite.FileName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, table := range sums {
		_, err := db.ExecContext(b.ctx,
			"CREATE TRIGGER leave_out_"+table+" BEFORE INSERT ON "+table+" BEGIN SELECT raise(IGNORE); END")
		if err != nil {
			return err
		}
	}
	return nil
}

// fill puts devices on the list of the item that has one.
func (w *world) fill(n int) error {
	requests := make([][]byte, n)
	for i := range requests {
		d := servertest.NewDevice("")
		body, err := json.Marshal(d.Request("100001-seated"))
		if err != nil {
			return err
		}
		requests[i] = post(protocol.PathAuthorizations, body, nil)
	}
	_, _, err := fire(w.urls, requests, 64, time.Hour)
	return err
}

// check holds what is stored against what was acknowledged.
func (b *bench) check() error {
	for _, w := range b.worlds {
		s, err := database.Open(b.ctx, w.database, false)
		if err != nil {
			return err
		}
		var counted int64
		err = s.Query(b.ctx, "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM total", nil,
			func(scan func(...any) error) error { return scan(&counted) })
		if err == nil && !w.unsummed {
			var statistics store.Statistics
			if statistics, err = s.Statistics(b.ctx, store.StatisticsQuery{}); statistics.Total != counted {
				err = errors.Join(err,
					fmt.Errorf("%s counts %d operations, and %d in its slots", w.database, statistics.Total, counted))
			}
		}
		if closed := s.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		if want := w.answered*units + w.stored; counted != want {
			return fmt.Errorf("%s counts %d operations, and acknowledged %d", w.database, counted, want)
		}
	}
	return nil
}
