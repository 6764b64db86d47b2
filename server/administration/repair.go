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

// FreeSeat ends the seat that a device has of an item. What was counted stays, and so
// does what the device may do with the authorization that it has: it takes a seat again
// when it is authorized again.
func (a *Administrator) FreeSeat(ctx context.Context, item, device string) error {
	return a.changeItem(ctx, item, func(tx store.Tx, i store.Item) error {
		// Of a device without a seat of one's own item, one learns nothing.
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

// MoveSeats has another device take over the seats that a device has of items, all that
// exist for who asks if none is named: a machine was replaced. There are never more
// seats than before.
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
	if _, err := a.Device(ctx, to); err != nil {
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

// moveSeats moves the seats of items; none: of all.
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

// BlockDevice has a device refused from now on, whatever code it has. What it reports
// still counts, and an authorization that it has holds on to its end.
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

// UnblockDevice takes BlockDevice back.
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

// MergeDevice shows a device as another one from now on, with all that it ever counted:
// both are one machine, which lost its UUID. Reports stay as they are. Where both have a
// seat, one is given back.
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

// SeparateDevice takes MergeDevice back, but for the seats: they stay where they are.
func (a *Administrator) SeparateDevice(ctx context.Context, device string) error {
	return a.repair(ctx, device, "device.separate", func(tx store.Tx, d *records.Repair) (string, error) {
		if d.MergedInto == "" {
			return "", &Error{Kind: Conflict, Object: ObjectDevice, ID: device,
				Text: "device " + device + " is not merged into another one"}
		}
		return "from device " + d.MergedInto, records.Separate(ctx, tx, d.Key)
	})
}

// EraseDevice removes what a device, and those that are merged into it, said about who
// uses them: names, and texts in records about them. Counts stay. Names that it brings
// from then on are not kept.
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
		} else if !IsKind(err, NotFound) { // one that was only refused has a name, too
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

// repair does something about a device, which concerns all organizations, alone.
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

// inField says that a mistake is about what an input names.
func inField(err error, field string) error {
	for _, mistake := range Errors(err) {
		mistake.Field = field
		return mistake
	}
	return err
}
