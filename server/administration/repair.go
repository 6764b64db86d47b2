package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// FreeSeat ends the seat that a device has on an item. What was counted stays, and the device may
// still use its authorization; it takes a seat again when it is authorized again.
func (a *Administrator) FreeSeat(ctx context.Context, item, device string) error {
	return a.changeItem(ctx, item, func(tx store.Tx, i store.Item) error {
		// A caller learns nothing about a device without a seat on the caller's own items.
		none := &Error{Kind: NotFound, Object: ObjectDevice, ID: device,
			Text: fmt.Sprintf("device %q has no seat of item %s", device, item)}
		d, err := repair(ctx, tx, device)
		if IsKind(err, NotFound) {
			return none
		} else if err != nil {
			return err
		}
		ended, now := false, a.Now()
		err = tx.ChangeSeats(now.Unix(), i, []store.Reporter{
			{Device: d.Key, UUID: d.UUID},
		}, func(state *store.State) (change *store.Change) {
			change, ended = policy.FreeSeat(state, i, d.UUID, now)
			return change
		})
		if err != nil {
			return err
		}
		if !ended {
			return none
		}
		return a.audit(tx, "item.free-seat", item, "device %s", device)
	})
}

// MoveSeats moves the seats of a device to another one, because a machine was replaced: on the
// named items or, if none is named, on all that the caller may see. There are never more seats than
// before.
func (a *Administrator) MoveSeats(ctx context.Context, from, to string, items ...string) error {
	if err := a.may(Editor); err != nil {
		return err
	}
	if from == to {
		return invalid("to", "a device's seats can't be moved to itself")
	}
	if _, err := a.Device(ctx, from); err != nil {
		return err
	}
	if _, err := a.Device(ctx, to); IsKind(err, NotFound) {
		return &Error{Kind: NotFound, Object: ObjectDevice, ID: to, Field: "to",
			Text: fmt.Sprintf("there is no device %q that was ever authorized; free a seat instead: a new machine "+
				"takes it when it asks next", to)}
	} else if err != nil {
		return inField(err, "to")
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		source, err := repair(ctx, tx, from)
		if err != nil {
			return err
		}
		target, err := repair(ctx, tx, to)
		if err != nil {
			return err
		}
		if target.BlockedAt != 0 {
			return &Error{Kind: Conflict, Object: ObjectDevice, ID: to, Field: "to",
				Text: "device " + to + " is blocked; unblock it first"}
		}
		moved, err := a.moveSeats(ctx, tx, source, target, items)
		if err != nil {
			return err
		}
		if len(moved) == 0 {
			return &Error{Kind: Conflict, Object: ObjectDevice, ID: from,
				Text: "device " + from + " has no seat that could be moved"}
		}
		return a.audit(tx, "device.move-seats", from, "to device %s, of items %s", to, strings.Join(moved, ", "))
	})
}

// moveSeats moves the seats on the named items; if none is named, on all.
func (a *Administrator) moveSeats(ctx context.Context, tx store.Tx, from, to *records.Repair,
	items []string) (moved []string, err error) {
	if len(items) == 0 {
		if items, err = records.SeatedItems(ctx, tx, from.Key, a.Now().Unix()); err != nil {
			return nil, err
		}
		items = slices.DeleteFunc(items, func(id string) bool {
			_, err := a.visibleItem(tx, id)
			return err != nil
		})
	}
	now := a.Now()
	for _, id := range items {
		item, err := a.visibleItem(tx, id)
		if err != nil {
			return nil, err
		}
		devices := []store.Reporter{{Device: from.Key, UUID: from.UUID}, {Device: to.Key, UUID: to.UUID}}
		err = tx.ChangeSeats(now.Unix(), item, devices, func(state *store.State) *store.Change {
			change, has := policy.MoveSeat(state, item, from.UUID, to.UUID, now)
			if has {
				moved = append(moved, id)
			}
			return change
		})
		if err != nil {
			return nil, err
		}
	}
	return moved, nil
}

// BlockDevice makes the server refuse a device from now on, with any code. What it reports still
// counts, and its authorization stays valid until its end.
func (a *Administrator) BlockDevice(ctx context.Context, device string) error {
	return a.repair(ctx, device, "device.block", func(tx store.Tx, d *records.Repair) (string, error) {
		if d.BlockedAt != 0 {
			return "", &Error{Kind: Conflict, Object: ObjectDevice, ID: device,
				Text: fmt.Sprintf("device %s is blocked already, since %s", device,
					time.Unix(d.BlockedAt, 0).UTC().Format(time.RFC3339))}
		}
		return "", records.Block(ctx, tx, d.Key, a.Now().Unix())
	})
}

// UnblockDevice reverses BlockDevice.
func (a *Administrator) UnblockDevice(ctx context.Context, device string) error {
	return a.repair(ctx, device, "device.unblock", func(tx store.Tx, d *records.Repair) (string, error) {
		if d.BlockedAt == 0 {
			return "", &Error{
				Kind: Conflict, Object: ObjectDevice, ID: device, Text: "device " + device + " is not blocked",
			}
		}
		return "", records.Block(ctx, tx, d.Key, 0)
	})
}

// MergeDevice merges a device, with everything that it ever counted, into another one for display,
// because both are one machine that lost its UUID. Reports stay as they are. If both have a seat on
// an item, one of the two ends.
func (a *Administrator) MergeDevice(ctx context.Context, device, into string) error {
	if device == into {
		return errors.Join(a.may(Editor), a.everywhere(), invalid("into", "a device can't be merged into itself"))
	}
	return a.repair(ctx, device, "device.merge", func(tx store.Tx, d *records.Repair) (string, error) {
		if d.MergedInto != "" {
			return "", &Error{Kind: Conflict, Object: ObjectDevice, ID: device,
				Text: "device " + device + " is merged into " + d.MergedInto + " already; separate it first"}
		}
		target, err := repair(ctx, tx, into)
		if err != nil {
			return "", inField(err, "into")
		}
		if target.MergedInto != "" {
			return "", &Error{Kind: Conflict, Object: ObjectDevice, ID: into, Field: "into",
				Text: "device " + into + " is merged itself, into " + target.MergedInto + "; merge into that one"}
		}
		moved, err := a.moveSeats(ctx, tx, d, target, nil)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("into device %s, with the seats of items %q", into, moved),
			records.Merge(ctx, tx, d.Key, target.Key)
	})
}

// SeparateDevice reverses MergeDevice, except that seats stay where they are.
func (a *Administrator) SeparateDevice(ctx context.Context, device string) error {
	return a.repair(ctx, device, "device.separate", func(tx store.Tx, d *records.Repair) (string, error) {
		if d.MergedInto == "" {
			return "", &Error{Kind: Conflict, Object: ObjectDevice, ID: device,
				Text: "device " + device + " is not merged into another one"}
		}
		return "from device " + d.MergedInto, records.Separate(ctx, tx, d.Key)
	})
}

// EraseDevice deletes the personal data of a device and of those merged into it: names, and texts
// in records about them. Counts stay. From then on, the server does not store names that the device
// sends.
func (a *Administrator) EraseDevice(ctx context.Context, device string) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Alone(ctx); err != nil {
			return err
		}
		uuids := []string{device}
		if d, err := repair(ctx, tx, device); err == nil {
			uuids = append(uuids, d.Merged...)
		} else if !IsKind(err, NotFound) { // a device that was only ever refused has a name, too
			return err
		}
		for _, uuid := range uuids {
			if known, err := records.Erase(ctx, tx, uuid, a.Now().Unix()); err != nil {
				return err
			} else if !known {
				return absent(ObjectDevice, uuid)
			}
		}
		return a.audit(tx, "device.erase", device, "")
	})
}

// repair changes a device, which affects all organizations, while nobody else writes.
func (a *Administrator) repair(ctx context.Context, device, action string,
	do func(store.Tx, *records.Repair) (detail string, err error)) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Alone(ctx); err != nil {
			return err
		}
		d, err := repair(ctx, tx, device)
		if err != nil {
			return err
		}
		detail, err := do(tx, d)
		if err != nil {
			return err
		}
		return a.audit(tx, action, device, "%s", detail)
	})
}

// repair finds a device.
func repair(ctx context.Context, tx store.Tx, uuid string) (*records.Repair, error) {
	found, err := records.Repairs(ctx, tx, uuid)
	if err == nil && found[uuid] == nil {
		err = absent(ObjectDevice, uuid)
	}
	return found[uuid], err
}

// inField attributes a mistake to a field of the input.
func inField(err error, field string) error {
	for _, mistake := range Errors(err) {
		mistake.Field = field
		return mistake
	}
	return err
}
