package retention_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// office is one with settings of retention.
type office struct{ *servertest.Office }

func begin(t *testing.T) *office { return &office{servertest.NewOffice(t)} }

func (o *office) pruner() *retention.Pruner {
	return &retention.Pruner{Store: o.Store, Key: o.Key, Now: o.Clock, Pause: func(context.Context, time.Duration) {}}
}

func (o *office) keep(record store.Record, days int64) {
	o.Helper()
	if err := o.Update(o.Context(), func(tx store.Tx) error { return tx.SetRetention(record, days) }); err != nil {
		o.Fatal(err)
	}
}

func (o *office) prune() retention.Outcome {
	o.Helper()
	outcome, err := o.pruner().Prune(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return outcome
}

func (o *office) rows(table string) (n int64) {
	o.Helper()
	if err := o.DB.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

func (o *office) total() store.Statistics {
	o.Helper()
	s, err := o.Statistics(o.Context(), store.StatisticsQuery{By: []store.Column{store.ByItem}})
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func (o *office) verify() verification.Result {
	o.Helper()
	result, err := verification.Run(o.Context(), o.Store, verification.Options{})
	if err != nil {
		o.Fatal(err)
	}
	return result
}

// Reports go by months, and nothing that was counted changes.
func TestReportsArePruned(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	before, items := o.total(), o.rows("raw_report")
	if outcome := o.prune(); len(outcome.Removed) != 0 || outcome.Checkpoint != 0 {
		t.Errorf("nothing is to be pruned, but %+v", outcome)
	}
	o.keep(store.RecordReceived, 45) // before March 6: January and February go
	outcome := o.prune()
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if outcome.Checkpoint != march.Unix() || outcome.Removed[store.RecordReceived] != 57 ||
		outcome.Removed[store.RecordSlots] != 55 || o.rows("raw_report") != items-57 {
		t.Errorf("%+v", outcome)
	}
	if again := o.prune(); again.Checkpoint != 0 || again.Removed[store.RecordSlots] != 0 {
		t.Errorf("%+v", again)
	}
	if after := o.total(); after.Total != before.Total || after.Lost["expired"] != before.Lost["expired"] ||
		before.Lost["expired"] != 12 {
		t.Errorf("%+v, before it was %+v", after, before)
	}
	if result := o.verify(); result.Different != 0 || result.Since != march.Unix() || result.Reports != items-57 {
		t.Errorf("%+v", result)
	}
	// A month later the chain goes on.
	o.Live(time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC))
	if outcome := o.prune(); outcome.Checkpoint != march.AddDate(0, 1, 0).Unix() {
		t.Errorf("%+v", outcome)
	}
	if result := o.verify(); result.Different != 0 {
		t.Errorf("%+v", result)
	}
	if _, err := verification.Run(t.Context(), o.Store, verification.Options{Since: march.Unix()}); !errors.Is(err,
		verification.ErrNoReports) {
		t.Error(err)
	}
	// By device only whole days are left.
	var pruned *store.PrunedError
	query := store.StatisticsQuery{
		By: []store.Column{store.ByDevice}, Since: march.Unix(), Until: march.Unix() + 5*86400,
	}
	if s, err := o.Statistics(t.Context(), query); err != nil || s.Total != 25 {
		t.Errorf("%+v, %v", s, err)
	}
	query.Since += 900
	if _, err := o.Statistics(t.Context(), query); !errors.As(err, &pruned) {
		t.Error(err)
	}
}

// What comes too late is refused for good; what is declared lost there is accepted.
func TestClosedSlots(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	o.keep(store.RecordReceived, 45)
	o.prune()
	total := o.total().Total
	early := time.Date(2026, 2, 28, 23, 57, 0, 0, time.UTC)
	receipt := o.Send(early, 1<<40, 99, "")
	if len(receipt.Exceptions) != 1 || receipt.Exceptions[0].Code != protocol.StatusSlotClosed ||
		receipt.Exceptions[0].Retry ||
		!strings.Contains(receipt.Exceptions[0].Message, "2026-03-01") {
		t.Errorf("%+v", receipt)
	}
	if receipt := o.Send(early, 1<<40, 99, protocol.LostExpired); receipt.Accepted != 1 ||
		len(receipt.Exceptions)+len(receipt.Lost) != 0 {
		t.Errorf("%+v", receipt)
	}
	if o.total().Total != total {
		t.Error("it was counted")
	}
	if receipt := o.Send(early.Add(3*time.Minute), 1, 99, ""); receipt.Accepted != 1 || o.total().Total != total+99 {
		t.Errorf("%+v", receipt)
	}
	if result := o.verify(); result.Different != 0 {
		t.Errorf("%+v", result)
	}
}

// What is stored of closed months is checked against their checkpoints, and these
// against their signatures.
func TestCheckpointsAreVerified(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC))
	o.keep(store.RecordReceived, 75)
	o.prune()
	o.keep(store.RecordReceived, 45)
	o.prune()
	if o.rows("checkpoint") != 2 {
		t.Fatal("there are not two checkpoints")
	}
	for _, test := range []struct{ tamper, undo, want string }{
		{`UPDATE total SET count = count + 1 WHERE slot = (SELECT min(slot) FROM total)`,
			`UPDATE total SET count = count - 1 WHERE slot = (SELECT min(slot) FROM total)`, "total of a month"},
		{`UPDATE total_hour SET count = count + 1 WHERE slot = (SELECT min(slot) FROM total_hour)`,
			`UPDATE total_hour SET count = count - 1 WHERE slot = (SELECT min(slot) FROM total_hour)`,
			"total of an hour"},
		{`UPDATE total_device SET count = count + 1 WHERE slot = (SELECT min(slot) FROM total_device)`,
			`UPDATE total_device SET count = count - 1 WHERE slot = (SELECT min(slot) FROM total_device)`,
			"total of devices in a month"},
		{`UPDATE report_loss SET units = units + 1 WHERE slot = (SELECT min(slot) FROM report_loss)`,
			`UPDATE report_loss SET units = units - 1 WHERE slot = (SELECT min(slot) FROM report_loss)`,
			"loss of a month"},
		{
			`UPDATE ` + teststore.Used() + ` SET used = used + 1`,
			`UPDATE ` + teststore.Used() + ` SET used = used - 1`, "use of an item",
		},
		{`UPDATE checkpoint SET document = substr(document, 1, 200) || 'A' || substr(document, 202)`, ``, "checkpoint"},
	} {
		o.Tamper(test.tamper)
		found := false
		result := o.verify()
		for _, d := range result.Differences {
			found = found || d.What == test.want
		}
		if !found {
			t.Errorf("%s: %+v", test.tamper, result.Differences)
		}
		if test.undo != "" {
			o.Tamper(test.undo)
		}
	}
	o.Tamper(`DELETE FROM checkpoint`)
	if result := o.verify(); result.Different == 0 {
		t.Error("it was not found that the checkpoints are gone")
	}
}

// Reports that don't agree with what is stored are not deleted.
func TestWhatDiffersIsKept(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	o.keep(store.RecordReceived, 45)
	rows := o.rows("raw_report")
	o.Tamper(`UPDATE total SET count = count + 1 WHERE slot = (SELECT min(slot) FROM total)`)
	if _, err := o.pruner().Prune(t.Context()); !errors.Is(err, verification.ErrDiffers) ||
		!strings.Contains(err.Error(), "lts verify") {
		t.Error(err)
	}
	if o.rows("raw_report") != rows || o.rows("checkpoint") != 0 {
		t.Error("reports were deleted")
	}
	if _, _, err := o.Prune(t.Context(), store.RecordReceived, o.Now.Unix(), 0); err == nil {
		t.Error("reports without a checkpoint can be deleted")
	}
	// In the month that goes on, a difference does not matter.
	o.Tamper(`UPDATE total SET count = count - 1 WHERE slot = (SELECT min(slot) FROM total)`)
	o.Tamper(`UPDATE total SET count = count + 1 WHERE slot = (SELECT max(slot) FROM total)`)
	if outcome := o.prune(); outcome.Checkpoint == 0 {
		t.Errorf("%+v", outcome)
	}
}

// A checkpoint may stand for reports that are still there.
func TestCheckpointWithoutPruning(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	rows := o.rows("raw_report")
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Unix()
	for _, want := range []int64{march, 0} {
		if before, err := o.pruner().Checkpoint(t.Context()); err != nil || before != want {
			t.Errorf("%d, %v", before, err)
		}
	}
	all := o.verify()
	since, err := verification.Run(t.Context(), o.Store, verification.Options{Since: march})
	if err != nil || since.Different != 0 || all.Different != 0 || since.Since != march || all.Since != 0 ||
		o.rows("raw_report") != rows {
		t.Errorf("%+v and %+v, %v", all, since, err)
	}
	if _, err := verification.Run(t.Context(), o.Store, verification.Options{Since: march + 1}); !errors.Is(err,
		verification.ErrNoCheckpoint) {
		t.Error(err)
	}
	o.keep(store.RecordReceived, 45)
	if outcome := o.prune(); outcome.Checkpoint != 0 || outcome.Removed[store.RecordReceived] != 57 {
		t.Errorf("%+v", outcome)
	}
	if result := o.verify(); result.Different != 0 || result.Since != march {
		t.Errorf("%+v", result)
	}
}

// Pruning that was stopped goes on.
func TestPruningGoesOn(t *testing.T) {
	o := begin(t)
	o.Live(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	o.keep(store.RecordReceived, 45)
	ctx, cancel := context.WithCancel(t.Context())
	p := o.pruner()
	p.Pause = func(context.Context, time.Duration) { cancel() }
	if _, err := p.Prune(ctx); err == nil && o.rows("report") < 50 {
		t.Log("it was done at once")
	}
	cancel()
	o.prune()
	if result := o.verify(); result.Different != 0 || o.rows("report") != 50 {
		t.Errorf("%+v, %d rows", result, o.rows("report"))
	}
}

// Tokens go by when they expired; those that never do, stay.
func TestExpiredTokensArePruned(t *testing.T) {
	o := begin(t)
	for name, expires := range map[string]int64{"long": o.Now.AddDate(0, 0, -31).Unix(),
		"lately": o.Now.AddDate(0, 0, -29).Unix(), "never": 0} {
		token := records.Token{ID: name, Digest: name, Name: name, Scope: "read", CreatedBy: "me", ExpiresAt: expires}
		if err := o.Update(t.Context(), func(tx store.Tx) error {
			return records.AddToken(t.Context(), tx, token)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if o.prune(); o.rows("api_token") != 3 {
		t.Error("tokens go although they are kept for ever")
	}
	o.keep(store.RecordTokens, 30)
	if outcome := o.prune(); outcome.Removed[store.RecordTokens] != 1 || o.rows("api_token") != 2 {
		t.Errorf("%+v", outcome)
	}
}

func TestOtherRecordsArePruned(t *testing.T) {
	o := begin(t)
	for i, at := range []time.Time{o.Now.AddDate(0, 0, -100), o.Now.AddDate(0, 0, -10)} {
		err := o.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Denials: []store.Denial{{At: at.Unix(), FirstAt: at.Unix(), Device: string(rune('a' + i)), Count: 1}},
				Anomalies: []store.Anomaly{{Device: o.Device.UUID, Kind: string(rune('a' + i)), Count: 1,
					FirstAt: at.Unix(), LastAt: at.Unix()}},
				Known: map[string]*store.DeviceState{o.Device.UUID: {Key: o.Device.Device}},
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Update(t.Context(), func(tx store.Tx) error {
			return tx.AddAudit(store.Audit{At: at.Unix(), Action: "x"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, record := range []store.Record{store.RecordDenials, store.RecordAnomalies, store.RecordAudit} {
		o.keep(record, 30)
	}
	outcome := o.prune()
	for _, record := range []store.Record{store.RecordDenials, store.RecordAnomalies, store.RecordAudit} {
		if outcome.Removed[record] != 1 {
			t.Errorf("%s: %+v", record, outcome)
		}
	}
}
