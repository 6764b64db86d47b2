package servertest

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

// Office is a store with an item that is charged by scans and a device that reports, with a clock
// of its own, so that months pass at once. It uses no HTTP.
type Office struct {
	*testing.T
	store.Store
	DB     *sql.DB // beside it, to tamper with
	Device store.Reporter
	Run    string
	Now    time.Time
	Key    ed25519.PrivateKey // the server's
}

// NewOffice makes one, with organization 100001, code 100001-reader and item scans.
func NewOffice(t *testing.T) *Office {
	t.Helper()
	name := teststore.Name(t)
	s := teststore.Open(t, name)
	db := teststore.Behind(t, name)
	o := &Office{T: t, Store: s, DB: db, Run: uuid.NewString(), Now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}
	keys, err := api.LoadKeys(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	o.Key = keys.Signing
	var code, item store.ID
	err = s.Update(t.Context(), func(tx store.Tx) error {
		err := errors.Join(
			tx.AddOrganization(store.Organization{ID: "100001", Name: "Example Corp"}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "100001-reader", Organization: "100001"}),
			tx.AddItem(store.Item{ID: "scans", Organization: "100001", Name: "Scans",
				ChargeWay: protocol.ChargeWayScanCount, Products: 7, Quota: 10, ExpiresAt: 1 << 40}),
		)
		c, codeErr := tx.HandshakeCode("100001-reader")
		i, itemErr := tx.Item("scans")
		code, item = c.Key, i.Key
		return errors.Join(err, codeErr, itemErr, tx.AttachItem(c.Key, i.Key, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	id, state := uuid.NewString(), &store.DeviceState{}
	err = s.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{
			Devices: []store.Device{{UUID: id, FirstSeenAt: 1, LastSeenAt: 1}},
			Grants:  map[store.Grant]int64{{Device: id, Code: code, Item: item}: 1},
			Known:   map[string]*store.DeviceState{id: state},
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Device = store.Reporter{Device: state.Key, UUID: id}
	return o
}

// Clock shows the office's time.
func (o *Office) Clock() time.Time { return o.Now }

// Send reports QR codes of the slot that a moment lies in.
func (o *Office) Send(at time.Time, revision, units int64, lost string) *protocol.Receipt {
	o.Helper()
	slot := at.Unix() - at.Unix()%180
	batch := policy.NewBatch(
		&protocol.ReportBatch{Batch: uuid.NewString(), Device: o.Device.UUID, Groups: []protocol.ReportGroup{{
			Run: o.Run, HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 180,
			Reports: []protocol.Report{
				{Slot: slot, Revision: revision, Counts: map[string]int64{"QR_CODE": units}, Lost: lost},
			},
		}}}, o.Device, o.Now)
	keys := &store.Keys{Now: o.Now.Unix()}
	batch.Require(keys)
	var answers []policy.Answer
	if err := o.Apply(o.Context(), keys, func(state *store.State) (change *store.Change) {
		change, answers = policy.Apply(state, []policy.Request{batch}, o.Now)
		return change
	}); err != nil || answers[0].Refusal != nil {
		o.Fatal(err, answers[0].Refusal)
	}
	return answers[0].Receipt
}

// Live reports 5 QR codes a day until a moment; on the 9th, 3 more are lost.
func (o *Office) Live(until time.Time) {
	o.Helper()
	for ; o.Now.Before(until); o.Now = o.Now.Add(24 * time.Hour) {
		o.Send(o.Now, 1, 5, "")
		if o.Now.Day() == 9 {
			o.Send(o.Now, 2, 8, protocol.LostExpired)
		}
	}
}

// Tamper changes the database without the server's knowledge.
func (o *Office) Tamper(statement string, arguments ...any) {
	o.Helper()
	teststore.Tamper(o.T, o.DB, statement, arguments...)
}
