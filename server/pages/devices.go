package pages

import (
	"context"
	"html/template"
	"net/url"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var devicePages = []page{
	{
		path: "/devices", name: "devices", title: "Devices", nav: "/devices", role: administration.Viewer,
		get: func(r *request) (any, error) {
			s := r.selection()
			if s.Sort == "" {
				s.Sort = "seen"
			}
			return r.admin.Devices(r.Context(), s)
		},
		table: func(r *request) (*table, error) {
			return listed(r, "devices", r.admin.Devices, []string{
				"uuid", "name", "platform", "library", "firstSeenAt", "lastSeenAt", "recorded", "lost", "seats",
				"blockedAt", "mergedInto",
			}, func(d administration.Device) []any {
				var recorded, lost any // nothing where the account is not told
				if a := d.Account; a != nil {
					recorded, lost = a.Recorded, deviceShown{Device: d}.Lost()
				}
				var seats []string
				for _, seat := range d.Seats {
					seats = append(seats, seat.Item)
				}
				return []any{d.UUID, d.FriendlyName, d.Platform, d.Library, r.written(d.FirstSeenAt),
					r.written(d.LastSeenAt), recorded, lost, strings.Join(seats, " "), r.written(d.BlockedAt),
					d.MergedInto}
			})
		},
	},
	{
		path: "/devices/{uuid}", name: "device", title: "Device", nav: "/devices", role: administration.Viewer,
		get: func(r *request) (any, error) {
			uuid := r.PathValue("uuid")
			device, unknown := r.admin.Device(r.Context(), uuid)
			if unknown != nil && !administration.IsKind(unknown, administration.NotFound) {
				return nil, unknown
			}
			shown := deviceShown{Device: device, Known: unknown == nil,
				Today: statistics.StartOfDay(r.admin.Now().In(r.zone))}
			of := administration.Selection{Devices: []string{uuid}, Limit: 20}
			var err error
			if shown.Denials, err = r.admin.Denials(r.Context(), of); err != nil {
				return nil, err
			}
			if !shown.Known {
				// A device that was only ever refused has a page, too.
				if len(shown.Denials.Items) == 0 {
					return nil, unknown
				}
				shown.UUID, shown.FriendlyName = uuid, shown.Denials.Items[0].DeviceName
			}
			if shown.Anomalies, err = r.admin.Anomalies(r.Context(), of); err != nil {
				return nil, err
			}
			if shown.Known && r.who().Organization == "" {
				shown.KeyList, err = r.admin.DeviceKeys(r.Context(), uuid)
			}
			return shown, err
		},
		final: map[string]question{
			"erase":   {text: "Erase the personal data of this device?", of: "uuid"},
			"confirm": {text: "Count this key as the device's own?", of: "key"},
		},
		actions: map[string]action{
			"confirm": {administration.Editor, func(r *request) (string, error) {
				uuid := r.PathValue("uuid")
				_, err := r.admin.ConfirmKey(r.Context(), uuid, r.PostForm.Get("key"))
				return "devices/" + segment(uuid) + "?done=confirmed", err
			}},
			"clear": {administration.Editor, func(r *request) (string, error) {
				uuid := r.PathValue("uuid")
				return "devices/" + segment(uuid) + "?done=cleared", r.admin.ClearClone(r.Context(), uuid)
			}},
			"block": {administration.Editor, repairDevice("blocked", (*administration.Administrator).BlockDevice)},
			"unblock": {
				administration.Editor, repairDevice("unblocked", (*administration.Administrator).UnblockDevice),
			},
			"separate": {
				administration.Editor, repairDevice("separated", (*administration.Administrator).SeparateDevice),
			},
			"move": {administration.Editor, func(r *request) (string, error) {
				uuid := r.PathValue("uuid")
				return "devices/" + segment(uuid) +
					"?done=moved", r.admin.MoveSeats(r.Context(), uuid, strings.TrimSpace(r.PostForm.Get("to")))
			}},
			"merge": {administration.Editor, func(r *request) (string, error) {
				uuid, into := r.PathValue("uuid"), strings.TrimSpace(r.PostForm.Get("into"))
				return "devices/" + segment(into) + "?done=merged", r.admin.MergeDevice(r.Context(), uuid, into)
			}},
			"erase": {administration.Editor, func(r *request) (string, error) {
				uuid := r.PathValue("uuid")
				return "devices/" + segment(uuid) + "?done=erased", r.admin.EraseDevice(r.Context(), uuid)
			}},
		},
	},
}

// repairDevice does something about the device of a page.
func repairDevice(done string,
	do func(*administration.Administrator, context.Context, string) error) func(*request) (string, error) {
	return func(r *request) (string, error) {
		uuid := r.PathValue("uuid")
		return "devices/" + segment(uuid) + "?done=" + done, do(r.admin, r.Context(), uuid)
	}
}

type deviceShown struct {
	administration.Device
	Known     bool // it was authorized at least once
	Today     time.Time
	KeyList   []store.DeviceKeyUse
	Denials   administration.Page[store.Denial]
	Anomalies administration.Page[records.Anomaly]
}

func (d deviceShown) title() string {
	if d.FriendlyName != "" {
		return d.FriendlyName
	}
	return d.UUID
}

// Lost is what the device says will never come.
func (d deviceShown) Lost() int64 {
	if d.Account == nil {
		return 0
	}
	return d.Account.Expired + d.Account.Refused + d.Account.Storage
}

// balance is where the units are that a device recorded and did not lose.
type balance struct{ Counted, Pending int64 }

// Balance compares the account of a device with what was counted of it; nil where the account is one
// of several keys or devices.
func (d deviceShown) Balance() *balance {
	if d.Account == nil || len(d.KeyList) != 1 || len(d.Merged) > 0 {
		return nil
	}
	counted := d.KeyList[0].Accepted
	return &balance{Counted: counted, Pending: max(0, d.Account.Recorded-d.Lost()-counted)}
}

// Usage leads to what the device counted in the last 30 days.
func (d deviceShown) Usage() template.URL {
	link := questionLink(filter{}, d.Today.Location().String(), d.Today.AddDate(0, 0, -29), d.Today.AddDate(0, 0, 1))
	return link + "&device=" + template.URL(url.QueryEscape(d.UUID)) //nolint:gosec // it is escaped
}
