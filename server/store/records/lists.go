package records

import (
	"context"
	"fmt"
	"slices"

	"github.com/openlts/openlts/server/store"
)

var organizations = list{
	from: "FROM organization o", key: "o.id",
	orders: []order{
		{name: "created", expression: "o.id", number: true}, {name: "name", expression: "o.name"},
		{name: "id", expression: "o.public_id"},
	},
	text:          []string{"o.public_id", "o.name"},
	organizations: "o.public_id IN (%)",
}

var codes = list{
	from: "FROM handshake_code c JOIN organization o ON o.id = c.organization", key: "c.id",
	orders:        []order{{name: "created", expression: "c.id", number: true}, {name: "code", expression: "c.code"}},
	text:          []string{"c.code", "o.name"},
	organizations: "o.public_id IN (%)",
	codes:         "c.code IN (%)",
	items: "c.id IN (SELECT h.handshake_code FROM handshake_item h JOIN item i ON i.id = h.item WHERE " +
		"i.public_id IN (%))",
}

var items = list{
	from: "FROM item i JOIN organization o ON o.id = i.organization", key: "i.id",
	orders: []order{
		{name: "created", expression: "i.id", number: true}, {name: "name", expression: "i.name"},
		{name: "id", expression: "i.public_id"}, {name: "expires", expression: "i.expires_at", number: true},
	},
	text:          []string{"i.public_id", "i.name", "o.name"},
	organizations: "o.public_id IN (%)",
	codes: "i.id IN (SELECT h.item FROM handshake_item h JOIN handshake_code c ON c.id = h.handshake_code " +
		"WHERE c.code IN (%))",
	items: "i.public_id IN (%)",
}

var devices = list{
	from: "FROM device d", key: "d.id",
	orders: []order{
		{name: "created", expression: "d.id", number: true},
		{name: "seen", expression: "d.last_seen_at", number: true, descending: true},
		{name: "name", expression: "d.friendly_name"}, {name: "uuid", expression: "d.uuid"},
	},
	text:    []string{"d.uuid", "d.friendly_name", "d.platform"},
	granted: true,
	unasked: "d.merged_into IS NULL",
	devices: "d.uuid IN (%)",
	at:      "d.last_seen_at",
}

// A refusal belongs to the organization of its code, or else to the organization that it names.
var denials = list{
	from: `FROM denial n LEFT JOIN handshake_code c ON c.code = n.handshake_code LEFT JOIN organization o ON o.id = c.organization
		LEFT JOIN item i ON i.public_id = n.item`,
	key: "n.id",
	orders: []order{{name: "at", expression: "n.last_at", number: true, descending: true},
		{name: "count", expression: "n.count", number: true, descending: true}},
	text:          []string{"n.device", "n.handshake_code", "n.reason", "n.device_name", "n.item"},
	organizations: "coalesce(o.public_id, n.organization) IN (%)",
	codes:         "n.handshake_code IN (%)",
	items:         "n.item IN (%)",
	devices:       "n.device IN (%)",
	kinds:         "CAST(n.status AS TEXT) IN (%)",
	at:            "n.last_at",
}

var anomalies = list{
	from:    "FROM anomaly a JOIN device d ON d.id = a.device",
	key:     "CAST(a.device AS TEXT) || ' ' || a.kind",
	textKey: true,
	orders: []order{{name: "at", expression: "a.last_at", number: true, descending: true},
		{name: "count", expression: "a.count", number: true, descending: true}},
	text:    []string{"d.uuid", "d.friendly_name", "a.kind"},
	shared:  []string{"a.detail"}, // of all that a device does, and reports on
	granted: true,
	devices: "d.uuid IN (%)",
	kinds:   "a.kind IN (%)",
	at:      "a.last_at",
}

var audits = list{
	from: "FROM audit a", key: "a.id",
	orders: []order{{name: "at", expression: "a.id", number: true, descending: true}},
	text:   []string{"a.actor", "a.action", "a.object", "a.detail"},
	kinds:  "a.action IN (%)",
	at:     "a.at",
}

// keys reads the keys of a page, in the page's order.
func (l list) keys(ctx context.Context, r store.Reader, s Selection) (keys []store.ID, next string, err error) {
	next, err = l.page(ctx, r, s, l.key, func(scan func(...any) error) error {
		var key store.ID
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, next, err
}

// Organizations gives the keys of a page of organizations, and where the next begins.
func Organizations(ctx context.Context, r store.Reader, s Selection) ([]store.ID, string, error) {
	return organizations.keys(ctx, r, s)
}

// HandshakeCodes gives the keys of a page of handshake codes.
func HandshakeCodes(ctx context.Context, r store.Reader, s Selection) ([]store.ID, string, error) {
	return codes.keys(ctx, r, s)
}

// Items gives the keys of a page of items.
func Items(ctx context.Context, r store.Reader, s Selection) ([]store.ID, string, error) {
	return items.keys(ctx, r, s)
}

// Devices gives the keys of a page of devices.
func Devices(ctx context.Context, r store.Reader, s Selection) ([]store.ID, string, error) {
	return devices.keys(ctx, r, s)
}

// maxCounted is how many devices are counted, which takes a fraction of a second.
const maxCounted = 1_000_000

// DeviceCounts are numbers of devices. More tells that they count only some.
type DeviceCounts struct {
	All    int64
	Active int64 // heard of since a moment
	Silent int64 // not heard of since an earlier one
	More   bool
}

// CountDevices counts the devices of a selection, those that were heard of after a moment, and those
// that were not after another one. A device was heard of when one that is shown as it was, if this one
// is of the selection, too.
func CountDevices(ctx context.Context, r store.Reader, s Selection, active, silent int64) (c DeviceCounts, err error) {
	q, err := devices.selected(s)
	if err != nil {
		return c, err
	}
	var merged query
	merged.add("d.merged_into IS NOT NULL")
	merged.granted(s)
	statement := fmt.Sprintf(`SELECT count(*), coalesce(sum(CASE WHEN k.seen > ? THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN k.seen < ? THEN 1 ELSE 0 END), 0)
		FROM (SELECT CASE WHEN m.seen > d.last_seen_at THEN m.seen ELSE d.last_seen_at END AS seen %s
			LEFT JOIN (SELECT d.merged_into, max(d.last_seen_at) AS seen FROM device d%s GROUP BY d.merged_into) m
			ON m.merged_into = d.id%s LIMIT %d) k`, devices.from, merged.where(), q.where(), maxCounted+1)
	arguments := slices.Concat([]any{active, silent}, merged.arguments, q.arguments)
	err = r.Query(ctx, statement, arguments, func(scan func(...any) error) error {
		return scan(&c.All, &c.Active, &c.Silent)
	})
	if c.All > maxCounted {
		c.All, c.More = maxCounted, true
	}
	return c, err
}

// Denials gives a page of refused authorizations.
func Denials(ctx context.Context, r store.Reader, s Selection) (page []store.Denial, next string, err error) {
	next, err = denials.page(ctx, r, s, `n.last_at, n.status, n.device, n.device_name, n.handshake_code, coalesce(o.public_id, n.organization), coalesce(o.name, ''),
		n.item, coalesce(i.name, ''), n.cause, n.quota, n.used, n.reason, n.count, n.first_at`,
		func(scan func(...any) error) error {
			var d store.Denial
			err := scan(&d.At, &d.Status, &d.Device, &d.DeviceName, &d.HandshakeCode, &d.Organization,
				&d.OrganizationName,
				&d.Item, &d.ItemName, &d.Cause, &d.Limit, &d.Used, &d.Reason, &d.Count, &d.FirstAt)
			page = append(page, d)
			return err
		})
	return page, next, err
}

// Anomaly is an anomaly with the name of its device.
type Anomaly struct {
	store.Anomaly
	Name string `json:"friendlyName,omitempty"`
}

// Anomalies gives a page of anomalies.
func Anomalies(ctx context.Context, r store.Reader, s Selection) (page []Anomaly, next string, err error) {
	next, err = anomalies.page(ctx, r, s, "d.uuid, a.kind, a.detail, a.count, a.first_at, a.last_at, d.friendly_name",
		func(scan func(...any) error) error {
			var a Anomaly
			err := scan(&a.Device, &a.Kind, &a.Detail, &a.Count, &a.FirstAt, &a.LastAt, &a.Name)
			if s.Apart {
				a.Detail = ""
			}
			page = append(page, a)
			return err
		})
	return page, next, err
}

// Audits gives a page of administrative changes.
func Audits(ctx context.Context, r store.Reader, s Selection) (page []store.Audit, next string, err error) {
	next, err = audits.page(ctx, r, s, "a.at, a.actor, a.action, a.object, a.detail",
		func(scan func(...any) error) error {
			var a store.Audit
			err := scan(&a.At, &a.Actor, &a.Action, &a.Object, &a.Detail)
			page = append(page, a)
			return err
		})
	return page, next, err
}

// ItemDevice is a device on the device list of an item.
type ItemDevice struct {
	Device string `json:"device"` // UUID
	Name   string `json:"friendlyName,omitempty"`
	Since  int64  `json:"since"`
	Until  int64  `json:"until"`
	Weight int64  `json:"weight"`
}

var seats = list{
	from: "FROM seat s JOIN device d ON d.id = s.device JOIN item i ON i.id = s.item", key: "d.id",
	orders: []order{{name: "until", expression: "s.until", number: true, descending: true}},
	items:  "i.public_id IN (%)",
	at:     "s.until",
}

// Seats returns a page of the devices on the device lists of items, if their seats end after Since.
func Seats(ctx context.Context, r store.Reader, s Selection) (page []ItemDevice, next string, err error) {
	next, err = seats.page(ctx, r, s, "d.uuid, d.friendly_name, s.since, s.until, s.weight",
		func(scan func(...any) error) error {
			var d ItemDevice
			err := scan(&d.Device, &d.Name, &d.Since, &d.Until, &d.Weight)
			page = append(page, d)
			return err
		})
	return page, next, err
}

// AdjustmentOf is an adjustment with its item.
type AdjustmentOf struct {
	Item   string `json:"item"`
	At     int64  `json:"at"`
	Units  int64  `json:"units"`
	Reason string `json:"reason"`
	Actor  string `json:"actor"`
	// Signature is the same, signed by the server: a JWS.
	Signature string `json:"signature"`
}

var adjustments = list{
	from:          "FROM adjustment a JOIN item i ON i.id = a.item JOIN organization o ON o.id = i.organization",
	key:           "a.id",
	orders:        []order{{name: "at", expression: "a.id", number: true, descending: true}},
	text:          []string{"a.reason", "a.actor"},
	organizations: "o.public_id IN (%)",
	items:         "i.public_id IN (%)",
	at:            "a.at",
}

// Adjustments gives a page of adjustments.
func Adjustments(ctx context.Context, r store.Reader, s Selection) (page []AdjustmentOf, next string, err error) {
	next, err = adjustments.page(ctx, r, s, "i.public_id, a.at, a.units, a.reason, a.actor, a.signature",
		func(scan func(...any) error) error {
			var a AdjustmentOf
			err := scan(&a.Item, &a.At, &a.Units, &a.Reason, &a.Actor, &a.Signature)
			page = append(page, a)
			return err
		})
	return page, next, err
}
