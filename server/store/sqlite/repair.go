package sqlite

import "github.com/openlts/openlts/server/store"

// ChangeSeats lets f decide on the seats of an item; see store.Tx.
func (t *transaction) ChangeSeats(now int64, item store.Item, devices []store.Reporter,
	f func(*store.State) *store.Change) error {
	t.forget()
	// The use of the item is loaded even if there are no devices.
	keys := &store.Keys{Now: now, Reporters: devices, Counted: []store.Counted{{Item: item.ID, Since: now}}}
	for _, device := range devices {
		keys.Counted = append(keys.Counted, store.Counted{Reporter: device, Item: item.ID, Since: now})
	}
	loaded, err := t.load(keys)
	if err != nil {
		return err
	}
	change := f(loaded.state)
	t.forget()
	for _, step := range []func(*store.Change) error{t.saveSeats, t.saveSteps, t.saveSums} {
		if err := step(change); err != nil {
			return err
		}
	}
	return nil
}
