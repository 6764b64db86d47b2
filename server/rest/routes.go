package rest

import (
	"context"
	"net/http"

	"github.com/openlts/openlts/server/administration"
)

// Attachment says how an item is attached to a code.
type Attachment struct {
	Position int64 `json:"position"` // 0: by the default rules
}

// LicenseKey is a license key.
type LicenseKey struct {
	LicenseKey string `json:"licenseKey"`
}

// list answers with a page of a list.
func list[R any](read func(*administration.Administrator, context.Context,
	administration.Selection) (administration.Page[R], error)) handler {
	return func(r *request) (answer, error) {
		s, err := r.selection()
		if err != nil {
			return answer{}, err
		}
		page, err := read(r.admin, r.Context(), s)
		return answer{value: page}, err
	}
}

// create adds the object in the body.
func create[I, O any](add func(*administration.Administrator, context.Context, I) (O, error)) handler {
	return func(r *request) (answer, error) {
		var in I
		if err := r.read(&in); err != nil {
			return answer{}, err
		}
		added, err := add(r.admin, r.Context(), in)
		return answer{status: http.StatusCreated, value: added}, err
	}
}

// show answers with one object and its tag.
func show[O any](name string, read func(*administration.Administrator, context.Context, string) (O, error),
	stated func(O) any) handler {
	return func(r *request) (answer, error) {
		object, err := read(r.admin, r.Context(), r.PathValue(name))
		return answer{value: object, tag: administration.Tag(stated(object))}, err
	}
}

// change makes the change in the body.
func change[I, O any](name string,
	do func(*administration.Administrator, context.Context, string, I, []string) (O, error),
	stated func(O) any) handler {
	return func(r *request) (answer, error) {
		var in I
		if err := r.read(&in); err != nil {
			return answer{}, err
		}
		object, err := do(r.admin, r.Context(), r.PathValue(name), in, r.tags)
		return answer{value: object, tag: administration.Tag(stated(object))}, err
	}
}

// do does something to one object.
func do(name string, f func(*administration.Administrator, context.Context, string) error) handler {
	return func(r *request) (answer, error) { return answer{}, f(r.admin, r.Context(), r.PathValue(name)) }
}

// makeKey makes a license key.
func (a *API) makeKey(r *request) (answer, error) {
	var in administration.KeyInput
	if err := r.read(&in); err != nil {
		return answer{}, err
	}
	key, err := r.admin.LicenseKey(r.Context(), r.PathValue("code"), in.SessionPassword,
		administration.KeyServers{Main: in.Server, Standby: in.Standby, PublicKey: a.PublicKey})
	return answer{value: LicenseKey{key}}, err
}

// statedOrganization is what an organization states: all of it.
func statedOrganization(o administration.Organization) any { return o }

func (a *API) routes() map[string]handler {
	type admin = administration.Administrator
	return map[string]handler{
		"GET organizations":         list((*admin).Organizations),
		"POST organizations":        create((*admin).NewOrganization),
		"GET organizations/{id}":    show("id", (*admin).Organization, statedOrganization),
		"PATCH organizations/{id}":  change("id", (*admin).ChangeOrganization, statedOrganization),
		"DELETE organizations/{id}": do("id", (*admin).RemoveOrganization),

		"GET handshakes":             list((*admin).Codes),
		"POST handshakes":            create((*admin).NewCode),
		"GET handshakes/{code}":      show("code", (*admin).Code, administration.Code.Stated),
		"PATCH handshakes/{code}":    change("code", (*admin).ChangeCode, administration.Code.Stated),
		"DELETE handshakes/{code}":   do("code", (*admin).RemoveCode),
		"POST handshakes/{code}/key": a.makeKey,

		"GET items":              list((*admin).Items),
		"POST items":             create((*admin).NewItem),
		"GET items/{id}":         show("id", (*admin).Item, administration.Item.Stated),
		"PATCH items/{id}":       change("id", (*admin).ChangeItem, administration.Item.Stated),
		"DELETE items/{id}":      do("id", (*admin).RemoveItem),
		"POST items/{id}/revoke": do("id", (*admin).RevokeItem),
		"PUT items/{id}/handshakes/{code}": func(r *request) (answer, error) {
			var in Attachment
			if len(r.body) > 0 {
				if err := r.read(&in); err != nil {
					return answer{}, err
				}
			}
			return answer{}, r.admin.AttachItem(r.Context(), r.PathValue("id"), r.PathValue("code"), in.Position)
		},
		"DELETE items/{id}/handshakes/{code}": func(r *request) (answer, error) {
			return answer{}, r.admin.DetachItem(r.Context(), r.PathValue("id"), r.PathValue("code"))
		},

		"POST organizations/{id}/archive":   archive("id", (*admin).ArchiveOrganization, true),
		"POST organizations/{id}/unarchive": archive("id", (*admin).ArchiveOrganization, false),
		"POST items/{id}/archive":           archive("id", (*admin).ArchiveItem, true),
		"POST items/{id}/unarchive":         archive("id", (*admin).ArchiveItem, false),
		"GET items/{id}/adjustments":        listAdjustments,
		"POST items/{id}/adjustments":       adjust,
		"POST handshakes/{code}/archive":    archive("code", (*admin).ArchiveHandshakeCode, true),
		"POST handshakes/{code}/unarchive":  archive("code", (*admin).ArchiveHandshakeCode, false),
		"POST handshakes/{code}/password":   setPassword,
		"POST handshakes/{code}/replace":    replaceCode,

		"POST items/{id}/replay": replayItem,

		"GET products":          whole((*admin).Products),
		"POST products":         create((*admin).NewProduct),
		"PATCH products/{name}": changeProduct,
		"GET server":            a.showServer,
		"GET vendors":           whole((*admin).Vendors),
		"GET vendors/key":       vendorKey,
		"GET licenses":          whole((*admin).Licenses),
		"POST licenses":         a.importLicense,
		"POST licenses/show":    showLicense,
		"POST licenses/issue":   create((*admin).NewLicense),
		"POST licenses/revoke":  revokeLicense,

		"GET organizations/{id}/statements/{month}/draft": draftStatement,

		"GET statistics":                                    showStatistics,
		"GET organizations/{id}/statements":                 listAll("id", (*admin).Statements),
		"POST organizations/{id}/statements":                closeStatement,
		"GET organizations/{id}/statements/{month}":         showStatement,
		"GET organizations/{id}/statements/{month}/reports": showStatementReports,
		"GET retention": func(r *request) (answer, error) {
			kept, err := r.admin.Retentions(r.Context())
			return answer{value: all[administration.Retention]{kept}}, err
		},
		"PUT retention/{record}":                 setRetention,
		"GET devices/{uuid}/reports":             showDeviceReports,
		"GET devices/{uuid}/keys":                listAll("uuid", (*admin).DeviceKeys),
		"POST devices/{uuid}/keys/{key}/confirm": confirmKey,
		"POST devices/{uuid}/clear-clone":        do("uuid", (*admin).ClearClone),

		"GET alerts":                     whole((*admin).Alerts),
		"GET alerts/history":             list((*admin).AlertHistory),
		"GET alerts/rules":               whole((*admin).AlertRules),
		"PUT alerts/rules/{kind}":        setAlertRule,
		"GET alerts/channels":            whole((*admin).AlertChannels),
		"POST alerts/channels/{id}/test": a.testChannel,

		"POST devices/{uuid}/block":      do("uuid", (*admin).BlockDevice),
		"POST devices/{uuid}/unblock":    do("uuid", (*admin).UnblockDevice),
		"POST devices/{uuid}/move-seats": moveSeats,
		"POST devices/{uuid}/merge":      mergeDevice,
		"POST devices/{uuid}/separate":   do("uuid", (*admin).SeparateDevice),
		"POST devices/{uuid}/erase":      do("uuid", (*admin).EraseDevice),
		"GET items/{id}/seats":           listSeats,
		"DELETE items/{id}/seats/{uuid}": freeSeat,

		"GET devices":        list((*admin).Devices),
		"GET devices/{uuid}": show("uuid", (*admin).Device, func(d administration.Device) any { return d }),
		"GET denials":        list((*admin).Denials),
		"GET anomalies":      list((*admin).Anomalies),
		"GET audit":          list((*admin).Audits),
	}
}

// repeats answer requests with an Idempotency-Key that were carried out but whose answers are
// missing.
func (a *API) repeats() map[string]repeat {
	type admin = administration.Administrator
	return map[string]repeat{
		"POST organizations":                     added((*admin).Organization),
		"POST handshakes":                        added((*admin).Code),
		"POST items":                             added((*admin).Item),
		"PATCH organizations/{id}":               changed((*admin).Organization, statedOrganization),
		"PATCH handshakes/{code}":                changed((*admin).Code, administration.Code.Stated),
		"PATCH items/{id}":                       changed((*admin).Item, administration.Item.Stated),
		"PATCH products/{name}":                  foundProduct(http.StatusOK),
		"DELETE organizations/{id}":              nothing,
		"DELETE handshakes/{code}":               nothing,
		"DELETE items/{id}":                      nothing,
		"DELETE items/{id}/handshakes/{code}":    nothing,
		"DELETE items/{id}/seats/{uuid}":         nothing,
		"POST handshakes/{code}/key":             quietly(a.makeKey),
		"POST devices/{uuid}/keys/{key}/confirm": quietly(confirmKey),
		"POST items/{id}/revoke":                 nothing,
		"POST organizations/{id}/archive":        nothing,
		"POST organizations/{id}/unarchive":      nothing,
		"POST items/{id}/archive":                nothing,
		"POST items/{id}/unarchive":              nothing,
		"POST items/{id}/adjustments":            adjusted,
		"POST handshakes/{code}/archive":         nothing,
		"POST handshakes/{code}/unarchive":       nothing,
		"POST handshakes/{code}/password":        nothing,
		"POST organizations/{id}/statements":     closedStatement,
		"POST devices/{uuid}/clear-clone":        nothing,
		"POST devices/{uuid}/block":              nothing,
		"POST devices/{uuid}/unblock":            nothing,
		"POST devices/{uuid}/move-seats":         nothing,
		"POST devices/{uuid}/merge":              nothing,
		"POST devices/{uuid}/separate":           nothing,
		"POST devices/{uuid}/erase":              nothing,
		"POST alerts/channels/{id}/test":         nothing,
		"POST products":                          foundProduct(http.StatusCreated),
		"POST licenses":                          quietly(a.importLicense),
		"POST licenses/issue":                    lost,
		"POST licenses/revoke":                   lost,
	}
}
