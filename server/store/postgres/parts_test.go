package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// Servers that count on different items must not wait for each other's commits, although
// all add to the total of all organizations: it has several parts.
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
	const times = 50 // they all hit the same of 8 parts once in 10⁴⁴ tests
	for range times {
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
	var parts, sum int64
	err = conn.QueryRow(t.Context(), `SELECT count(*), sum(count) FROM total_organization
		WHERE organization = 0 AND level = 0`).Scan(&parts, &sum)
	if err != nil || parts < 2 || sum != times {
		t.Errorf("%d in %d parts, %v", sum, parts, err)
	}
}
