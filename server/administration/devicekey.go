package administration

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// ConfirmKey lets a further key of a device report as its first does: the device is
// known to be the same. left is the number of runs that both keys reported, which
// stay apart.
func (a *Administrator) ConfirmKey(ctx context.Context, device, key string) (left int64, err error) {
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		if left, err = tx.ConfirmKey(device, key, a.Now().Unix()); err != nil {
			return notFound(err, "key "+key+" of device", device, "lts device keys "+device)
		}
		return a.audit(tx, "device.confirm-key", device, "key %s, %d runs stay apart", key, left)
	})
	return left, err
}

// ClearClone tells that a device which looked like several was looked into.
func (a *Administrator) ClearClone(ctx context.Context, device string) error {
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.ClearClone(device); err != nil {
			return notFound(err, "device", device, "lts device list")
		}
		return a.audit(tx, "device.clear-clone", device, "")
	})
}
