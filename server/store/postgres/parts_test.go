package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// Servers that count on different items must not wait for each other's commits, although
// all add to the total of all organizations: it has several parts, but no more than servers.
func TestTotalsOfAllHaveParts(t *testing.T) {
	url := postgrestest.Database(t)
	s := open(t, url)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.AddOrganization(store.Organization{ID: "100001", Name: "x"}); err != nil {
			return err
		}
		if err := tx.AddHandshakeCode(store.HandshakeCode{Code: "c", Organization: "100001"}); err != nil {
			return err
		}
		return tx.AddItem(store.Item{
			ID: "i", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount, Quota: 1 << 50, ExpiresAt: 1 << 40,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	add := func(s store.Store) {
		t.Helper()
		err := s.Apply(t.Context(), &store.Keys{
			Codes: []string{"c"}, Counted: []store.Counted{{Item: "i"}},
		}, func(state *store.State) *store.Change {
			key := store.TotalKey{
				Code: state.Codes["c"].Key, Item: state.Items["i"].Key, Slot: 1_799_000_100, Type: "QR_CODE",
			}
			return &store.Change{Totals: map[store.TotalKey]store.Units{key: {All: 1}}}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	counted := func() (parts, sum int64) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `SELECT count(*), sum(count) FROM total_organization
			WHERE organization = 0 AND level = 3600`).Scan(&parts, &sum)
		if err != nil {
			t.Fatal(err)
		}
		return parts, sum
	}
	for range 3 {
		add(s)
	}
	if parts, sum := counted(); parts != 1 || sum != 3 {
		t.Errorf("one server adds to %d parts, of %d", parts, sum)
	}
	for range 15 { // all take the same of 8 parts once in 10¹³ tests
		add(open(t, url))
	}
	if parts, sum := counted(); parts < 2 || sum != 18 {
		t.Errorf("all servers add to %d parts, of %d", parts, sum)
	}
}
