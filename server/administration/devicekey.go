package administration

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/store"
)

// ConfirmKey makes a further key of a device report like its first one, because the device is known
// to be the same. left is the number of runs that both keys reported, which stay separate.
func (a *Administrator) ConfirmKey(ctx context.Context, device, key string) (left int64, err error) {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return 0, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		if left, err = tx.ConfirmKey(device, key, a.Now().Unix()); err != nil {
			return notFound(err, ObjectDevice, device+" with the key "+key)
		}
		return a.audit(tx, "device.confirm-key", device, "key %s, %d runs stay apart", key, left)
	})
	return left, err
}

// ClearClone notes that an administrator has looked into a device that seemed to be several.
func (a *Administrator) ClearClone(ctx context.Context, device string) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.ClearClone(device); err != nil {
			return notFound(err, ObjectDevice, device)
		}
		return a.audit(tx, "device.clear-clone", device, "")
	})
}

// DeviceKeys lists the keys with which a device was authorized, in the order of their first use.
func (a *Administrator) DeviceKeys(ctx context.Context, device string) ([]store.DeviceKeyUse, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	keys, err := a.Store.DeviceKeys(ctx, device)
	if err == nil && len(keys) == 0 {
		err = absent(ObjectDevice, device)
	}
	return keys, err
}
