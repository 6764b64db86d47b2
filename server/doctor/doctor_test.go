package doctor_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/doctor"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// sick is a store of which something is wrong.
type sick struct {
	store.Store
	ping, query, disk error
	space             int64
}

func (s sick) Ping(ctx context.Context) error { return errors.Join(s.ping, s.Store.Ping(ctx)) }
func (s sick) Space() (int64, error)          { return s.space, s.disk }

func (s sick) Query(ctx context.Context, query string, arguments []any, row func(func(...any) error) error) error {
	if s.query != nil {
		return s.query
	}
	return s.Store.Query(ctx, query, arguments, row)
}

// Each check of the server itself finds what it is for, and says what to do; of a healthy one, all
// are fine.
func TestEachCheck(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	bad := errors.New("the cable is out")
	withKeys := func(seed int) func(*testing.T, store.Store) {
		return func(t *testing.T, s store.Store) {
			t.Helper()
			if err := s.Update(t.Context(), func(tx store.Tx) error {
				return tx.AddServerKeys(store.ServerKeys{Signing: make([]byte, seed), Report: make([]byte, 32)})
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen := func(at time.Time) func(*testing.T, store.Store) {
		return func(t *testing.T, s store.Store) {
			t.Helper()
			if err := s.Update(t.Context(), func(tx store.Tx) error {
				_, err := tx.Exec(t.Context(), `INSERT INTO device
					(uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
					VALUES ('d', '', '', '', '', 1, ?)`, at.Unix())
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const room = 2 << 30
	for name, test := range map[string]struct {
		prepare func(*testing.T, store.Store)
		sick    sick
		check   string
		state   doctor.State
		says    string
	}{
		"healthy":            {withKeys(ed25519.SeedSize), sick{space: room}, "keys", doctor.OK, "is known by the key"},
		"no keys yet":        {nil, sick{space: room}, "keys", doctor.Warning, "at its first start"},
		"cut keys":           {withKeys(5), sick{space: room}, "keys", doctor.Wrong, "restore a backup"},
		"no database":        {nil, sick{space: room, ping: bad}, "schema", doctor.Wrong, "the cable is out"},
		"a wrong clock":      {seen(now.Add(time.Hour)), sick{space: room}, "clock", doctor.Wrong, "--trust-clock"},
		"a harmless clock":   {seen(now.Add(time.Minute)), sick{space: room}, "clock", doctor.OK, "after all that"},
		"nothing to compare": {nil, sick{space: room, query: bad}, "clock", doctor.Wrong, "the cable is out"},
		"a scant disk":       {nil, sick{space: 100 << 20}, "disk", doctor.Warning, "100 MiB are left; make room"},
		"a full disk":        {nil, sick{space: 1 << 20}, "disk", doctor.Wrong, "not ready. Make room"},
		"an unknown disk":    {nil, sick{disk: bad}, "disk", doctor.Wrong, "the cable is out"},
	} {
		t.Run(name, func(t *testing.T) {
			test.sick.Store = teststore.New(t)
			if test.prepare != nil {
				test.prepare(t, test.sick.Store)
			}
			patient := &doctor.Patient{Store: test.sick, Now: func() time.Time { return now }}
			for _, finding := range patient.Examine(t.Context()) {
				switch {
				case finding.Check == "time service": // depends on this machine
				case finding.Check == test.check:
					if finding.State != test.state || !strings.Contains(finding.Text, test.says) {
						t.Errorf("%+v", finding)
					}
				case finding.State == doctor.Wrong && test.sick.query == nil:
					t.Errorf("%+v", finding)
				}
			}
		})
	}
}
