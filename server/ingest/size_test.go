package ingest_test

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/teststore"
)

// maxReportSize is the disk that a stored report may take, in bytes, with its part of
// all totals.
const maxReportSize = 94

// Reports that come one by one from many devices, of two types each, take little disk.
func TestReportsTakeLittleDisk(t *testing.T) {
	if teststore.OnPostgreSQL() {
		t.Skip("it is the size of SQLite's file that is looked at")
	}
	c := newCounter(t)
	directory := database.Directory(c.database)
	code, item := c.newItem(t, "scans")
	const devices, slots = 100, 150
	before := databaseSize(t, directory)
	now := servertest.Start().Unix()
	var wg sync.WaitGroup
	for range devices {
		device, run := c.newDevice(t), uuid.NewString()
		c.grant(t, device, []protocol.ReportGroup{{HandshakeCode: code, Item: item}})
		wg.Go(func() { c.reportSlots(t, device, run, code, item, now-now%180-slots*180, slots) })
	}
	wg.Wait()
	each := float64(databaseSize(t, directory)-before) / (devices * slots)
	t.Logf("%.1f bytes a report", each)
	if each > maxReportSize {
		t.Errorf("a report takes %.1f bytes", each)
	}
}

func (c *counter) reportSlots(t fataler, device store.Reporter, run, code, item string, first, slots int64) {
	for slot := first; slot < first+slots*180; slot += 180 {
		c.send(t, device, protocol.ReportGroup{Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180,
			Reports: []protocol.Report{
				{Slot: slot, Revision: 1, Counts: map[string]int64{"QR_CODE": 120, "EAN_13": 7}},
			}})
	}
}

// databaseSize is the size of a database with all that is in its log.
func databaseSize(t *testing.T, directory string) (size int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(directory, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it only reads
	if err := db.QueryRowContext(t.Context(),
		`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}
