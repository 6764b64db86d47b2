package postgres

import "github.com/openlts/openlts/server/store"

// ChangeSeats lets f decide on the seats of an item; see store.Tx.
func (t *transaction) ChangeSeats(now int64, item store.Item, devices []store.Reporter,
	f func(*store.State) *store.Change) error {
	if err := t.Alone(t.ctx); err != nil {
		return err
	}
	keys := &store.Keys{Now: now, Reporters: devices}
	l := &loading{
		ctx: t.ctx, conn: t.conn, s: t.s, keys: keys,
		state: &store.State{
			Items: map[string]store.Item{item.ID: item}, Uses: map[store.ID]*store.Use{},
			Devices: map[string]*store.DeviceState{},
		},
		byKey: map[store.ID]*store.DeviceState{}, uuids: map[store.ID]string{}, seatChanges: map[store.ID]int64{},
	}
	for _, device := range devices {
		l.device(device.UUID, device.Device)
		keys.Counted = append(keys.Counted, store.Counted{Reporter: device, Item: item.ID, Since: now})
	}
	t.s.seated.add(item.Key) // whether it is known to or not: nobody else changes them
	b := &batch{}
	for _, queue := range []func(*batch){l.queueUses, l.queueSums, l.queueSteps, l.queueSeats} {
		queue(b)
	}
	if err := b.send(t.ctx, t.conn); err != nil {
		return err
	}
	s, more := &saving{loading: l, change: f(l.state)}, &batch{}
	for _, queue := range []func(*batch) error{s.queueNewSums, s.queueNewSeats, s.queueNewSteps} {
		if err := queue(more); err != nil {
			return err
		}
	}
	if more.Len() == 0 {
		return nil
	}
	return more.send(t.ctx, t.conn)
}
