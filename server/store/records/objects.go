package records

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Changes and removals of organizations, handshake codes and items. Removals return store.ErrInUse
// if something else still refers to the object.

// RenameOrganization changes the name of an organization.
func RenameOrganization(ctx context.Context, tx store.Tx, organization store.ID, name string) error {
	return exec(ctx, tx, "UPDATE organization SET name = ? WHERE id = ?", name, organization)
}

// ArchiveOrganization archives an organization; 0 restores it.
func ArchiveOrganization(ctx context.Context, tx store.Tx, organization store.ID, at int64) error {
	return exec(ctx, tx, "UPDATE organization SET archived_at = ? WHERE id = ?", at, organization)
}

// RenameProduct changes the name of one of the vendor's own products.
func RenameProduct(ctx context.Context, tx store.Tx, bit protocol.Product, name string) error {
	return exec(ctx, tx, "UPDATE product SET name = ? WHERE bit = ?", name, int64(bit))
}

// SetDefaultCode makes a code its organization's default.
func SetDefaultCode(ctx context.Context, tx store.Tx, organization, code store.ID) error {
	return exec(ctx, tx, "UPDATE organization SET default_code = ? WHERE id = ?", code, organization)
}

// AttachAlike attaches the items of a code to another one, at the same positions.
func AttachAlike(ctx context.Context, tx store.Tx, from, to store.ID) error {
	return exec(ctx, tx, `INSERT INTO handshake_item (handshake_code, item, position)
		SELECT CAST(? AS BIGINT), item, position FROM handshake_item WHERE handshake_code = ?`, to, from)
}

// SetPublicTrial makes a code the one whose trials are for everybody, instead of the previous one;
// 0: there is none.
func SetPublicTrial(ctx context.Context, tx store.Tx, code store.ID) error {
	if err := exec(ctx, tx, "UPDATE handshake_code SET public_trial = 0 WHERE public_trial <> 0"); err != nil ||
		code == 0 {
		return err
	}
	return exec(ctx, tx, "UPDATE handshake_code SET public_trial = 1 WHERE id = ?", code)
}

// SetValidationFields changes the validation fields of a code.
func SetValidationFields(ctx context.Context, tx store.Tx, code store.ID, values []string) error {
	err := exec(ctx, tx, "DELETE FROM validation_field WHERE handshake_code = ?", code)
	for _, value := range values {
		if err == nil {
			err = exec(ctx, tx, "INSERT INTO validation_field (handshake_code, value) VALUES (?, ?)", code, value)
		}
	}
	return err
}

// ValidationFields reads the validation fields of a code.
func ValidationFields(ctx context.Context, r store.Reader, code store.ID) ([]string, error) {
	return texts(ctx, r, "SELECT value FROM validation_field WHERE handshake_code = ? ORDER BY value", code)
}

// Detach detaches an item from a code, and tells whether it was attached.
func Detach(ctx context.Context, tx store.Tx, code, item store.ID) (bool, error) {
	n, err := tx.Exec(ctx, "DELETE FROM handshake_item WHERE handshake_code = ? AND item = ?", code, item)
	return n > 0, err
}

// RemoveOrganization removes an organization without codes, items and accounts.
func RemoveOrganization(ctx context.Context, tx store.Tx, organization store.ID) error {
	return errors.Join(
		exec(ctx, tx, "DELETE FROM organization_type WHERE organization = ?", organization),
		exec(ctx, tx, "DELETE FROM organization WHERE id = ?", organization))
}

// RemoveHandshakeCode removes a code that no device was granted. If it was the default, the oldest
// remaining code becomes the default.
func RemoveHandshakeCode(ctx context.Context, tx store.Tx, code store.ID) error {
	for _, statement := range []string{
		`UPDATE organization SET default_code = (SELECT min(c.id) FROM handshake_code c
			WHERE c.organization = organization.id AND c.id <> ?) WHERE default_code = ?`,
		"DELETE FROM validation_field WHERE handshake_code = ?",
		"DELETE FROM handshake_item WHERE handshake_code = ?",
		"DELETE FROM handshake_code WHERE id = ?",
	} {
		arguments := []any{code}
		if statement[0] == 'U' {
			arguments = append(arguments, code)
		}
		if err := exec(ctx, tx, statement, arguments...); err != nil {
			return err
		}
	}
	return nil
}

// RemoveItem removes an item that no device was granted.
func RemoveItem(ctx context.Context, tx store.Tx, item store.ID) error {
	if err := exec(ctx, tx, "DELETE FROM handshake_item WHERE item = ?", item); err != nil {
		return err
	}
	return exec(ctx, tx, "DELETE FROM item WHERE id = ?", item)
}

// Setting reads a setting into a value; it leaves the value alone if there is none.
func Setting(ctx context.Context, r store.Reader, name string, value any) error {
	found, err := texts(ctx, r, "SELECT value FROM setting WHERE name = ?", name)
	if err != nil || len(found) == 0 {
		return err
	}
	return json.Unmarshal([]byte(found[0]), value)
}

// SetSetting changes a setting.
func SetSetting(ctx context.Context, tx store.Tx, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return exec(ctx, tx, "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "+
		"excluded.value", name, string(text))
}

func exec(ctx context.Context, tx store.Tx, statement string, arguments ...any) error {
	_, err := tx.Exec(ctx, statement, arguments...)
	return err
}

func texts(ctx context.Context, r store.Reader, query string, arguments ...any) (list []string, err error) {
	err = r.Query(ctx, query, arguments, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		list = append(list, text)
		return err
	})
	return list, err
}
