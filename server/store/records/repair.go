package records

import (
	"context"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// Repair is what administrators decided about a device.
type Repair struct {
	Key       store.ID
	UUID      string
	BlockedAt int64 // since when it is refused; 0: it is not
	ErasedAt  int64 // since when nothing personal is kept of it; 0: it may be
	// MergedInto is the UUID of the device as which this device is shown; "": itself.
	MergedInto string
	// Merged are the UUIDs of the devices that are shown as this one, in the order in which they
	// came.
	Merged []string
}

// Repairs returns what administrators decided about devices, by UUID, for known devices.
func Repairs(ctx context.Context, r store.Reader, uuids ...string) (map[string]*Repair, error) {
	found := map[string]*Repair{}
	for part := range slices.Chunk(uuids, maxArguments) {
		var q query
		q.among("d.uuid IN (%)", part)
		err := r.Query(ctx, `SELECT d.id, d.uuid, d.blocked_at, d.erased_at, coalesce(m.uuid, '') FROM device d LEFT JOIN device m ON m.id = d.merged_into
			WHERE `+q.conditions[0], q.arguments, func(scan func(...any) error) error {
			var repair Repair
			err := scan(&repair.Key, &repair.UUID, &repair.BlockedAt, &repair.ErasedAt, &repair.MergedInto)
			found[repair.UUID] = &repair
			return err
		})
		if err != nil {
			return nil, err
		}
		err = r.Query(ctx, `SELECT d.uuid, m.uuid FROM device m JOIN device d ON d.id = m.merged_into
			WHERE m.merged_into IS NOT NULL AND `+q.conditions[0]+` ORDER BY m.id`, q.arguments,
			func(scan func(...any) error) error {
				var uuid, merged string
				err := scan(&uuid, &merged)
				if repair := found[uuid]; repair != nil {
					repair.Merged = append(repair.Merged, merged)
				}
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// maxArguments is the maximum number of arguments of a query.
const maxArguments = 500

// Block blocks a device from a moment on; 0 unblocks it.
func Block(ctx context.Context, tx store.Tx, device store.ID, at int64) error {
	return exec(ctx, tx, "UPDATE device SET blocked_at = ? WHERE id = ?", at, device)
}

// Merge shows a device, and the devices that are shown as it, as another one.
func Merge(ctx context.Context, tx store.Tx, device, into store.ID) error {
	return exec(ctx, tx, "UPDATE device SET merged_into = ? WHERE id = ? OR merged_into = ?", into, device, device)
}

// Separate shows a device as itself again.
func Separate(ctx context.Context, tx store.Tx, device store.ID) error {
	return exec(ctx, tx, "UPDATE device SET merged_into = NULL WHERE id = ?", device)
}

// SeatedItems returns the ids of the items of which a device has or will have a seat after a
// moment.
func SeatedItems(ctx context.Context, r store.Reader, device store.ID, at int64) ([]string, error) {
	return texts(ctx, r, "SELECT DISTINCT i.public_id FROM seat s JOIN item i ON i.id = s.item WHERE s.device = ? AND "+
		"s.until > ? ORDER BY i.public_id", device, at)
}

// erasedText replaces a name that was erased from a text.
const erasedText = "(erased)"

// Erase removes what is stored about the users of a device: the device's name, in every record, and
// the texts that it sent. Names that it sends later are not stored, either. Counts stay; known
// tells whether there was anything about the device.
func Erase(ctx context.Context, tx store.Tx, uuid string, at int64) (known bool, err error) {
	names, err := texts(ctx, tx,
		`SELECT friendly_name FROM device WHERE uuid = ? UNION SELECT device_name FROM denial WHERE device = ?`, uuid,
		uuid)
	if err != nil || len(names) == 0 {
		return false, err
	}
	for _, statement := range []string{
		// The audit mentions devices that administrators changed only by their ids.
		"UPDATE audit SET detail = '' WHERE object = ? AND action NOT LIKE 'device.%'",
		"UPDATE anomaly SET detail = '' WHERE device = (SELECT id FROM device WHERE uuid = ?)",
		"UPDATE denial SET device_name = '' WHERE device = ?",
	} {
		if err := exec(ctx, tx, statement, uuid); err != nil {
			return true, err
		}
	}
	// Precise to the second, the time would lead to the address whose trial began with this one.
	for _, subject := range store.TrialSubjects(store.TrialByDevice, uuid, "") {
		if err := exec(ctx, tx, "UPDATE trial SET started_at = started_at - started_at % 86400 WHERE subject = ?",
			subject); err != nil {
			return true, err
		}
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		if err := exec(ctx, tx, "UPDATE denial SET reason = replace(reason, ?, ?) WHERE device = ?", name, erasedText,
			uuid); err != nil {
			return true, err
		}
		err := exec(ctx, tx,
			`UPDATE audit SET detail = replace(detail, ?, ?) WHERE object = ? OR lower(detail) LIKE ? ESCAPE '\'`,
			name, erasedText, uuid, pattern(uuid))
		if err != nil {
			return true, err
		}
	}
	return true, exec(ctx, tx,
		"UPDATE device SET friendly_name = '', platform = '', library = '', erased_at = ? WHERE uuid = ?", at, uuid)
}
