package administration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Selection says which rows of a list are wanted, and in what order.
type Selection = records.Selection

// Page is a page of a list.
type Page[R any] struct {
	Items []R    `json:"items"`
	Next  string `json:"next,omitempty"` // Selection.After of the next page; "": this is the last
}

// Organization is an organization, as it is shown.
type Organization struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	DefaultHandshake string `json:"defaultHandshake,omitempty"`
	ArchivedAt       int64  `json:"archivedAt,omitempty"`
	CreatedAt        int64  `json:"createdAt"`
}

func viewOrganization(o store.Organization) Organization {
	return Organization{o.ID, o.Name, o.DefaultCode, o.ArchivedAt, o.CreatedAt}
}

// Code is a handshake code, as it is shown. It says only whether there is a session password.
type Code struct {
	Code         string `json:"code"`
	Organization string `json:"organization"`
	Default      bool   `json:"default"`
	// PublicTrial means that requests that name neither a code nor an organization get its trials.
	PublicTrial        bool `json:"publicTrial,omitempty"`
	HasSessionPassword bool `json:"hasSessionPassword"`
	// PreviousPasswordUntil is when the former session password stops working.
	PreviousPasswordUntil int64 `json:"previousPasswordUntil,omitempty"`
	// ArchivedAt is from when on it authorizes nobody; in the future if another code replaces it.
	ArchivedAt       int64    `json:"archivedAt,omitempty"`
	ValidationFields []string `json:"validationFields"`
	Items            []string `json:"items"`
	CreatedAt        int64    `json:"createdAt"`
}

// ViewCode shows a handshake code.
func ViewCode(c store.HandshakeCodeUse) Code {
	return Code{
		Code: c.Code, Organization: c.Organization, Default: c.Default, PublicTrial: c.PublicTrial,
		HasSessionPassword: c.SessionPassword != "", PreviousPasswordUntil: c.PreviousUntil, ArchivedAt: c.ArchivedAt,
		ValidationFields: append([]string{}, c.ValidationFields...), Items: append([]string{}, c.Items...),
		CreatedAt: c.CreatedAt,
	}
}

// Item is a license item with its use, as it is shown.
type Item struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Organization    string         `json:"organization"`
	ChargeWay       string         `json:"chargeWay"`
	Products        string         `json:"products"`
	Version         string         `json:"version,omitempty"`
	Edition         string         `json:"edition,omitempty"`
	DeploymentType  string         `json:"deploymentType,omitempty"`
	Modules         string         `json:"modules,omitempty"`
	StartsAt        int64          `json:"startsAt"`
	ExpiresAt       int64          `json:"expiresAt"`
	MaxBufferDays   int64          `json:"maxBufferDays"`
	ValidationField string         `json:"validationField,omitempty"`
	Trial           bool           `json:"trial"`
	TrialBy         store.TrialBy  `json:"trialBy,omitempty"`
	TrialDays       int64          `json:"trialDays,omitempty"`
	Requires        []string       `json:"requires,omitempty"`
	RequestLimit    int64          `json:"requestLimit,omitempty"`
	Requests        int64          `json:"requests,omitempty"`
	RefuseClones    bool           `json:"refuseClones,omitempty"`
	LicenseFile     string         `json:"licenseFile,omitempty"`
	RevokedAt       int64          `json:"revokedAt,omitempty"`
	ArchivedAt      int64          `json:"archivedAt,omitempty"`
	Quota           protocol.Quota `json:"quota"`
	Live            int64          `json:"live"`                 // seats now, or domains
	Charging        policy.Terms   `json:"charging"`             // the terms in force
	ChargeTerms     store.Charging `json:"chargeTerms,omitzero"` // what it states itself
	State           string         `json:"state"`                // see the State constants
	Handshakes      []string       `json:"handshakes"`
	CreatedAt       int64          `json:"createdAt"`
}

// States of an item, in words for people.
const (
	StateOK             = "ok"
	StateRevoked        = "revoked"
	StateArchived       = "archived"
	StateExpired        = "expired"
	StateFuture         = "not yet effective"
	StateExhausted      = "quota exhausted"
	StateExpiring       = "expired, in tolerance"
	StateQuotaTolerance = "quota in tolerance"
)

// ViewItem shows an item at a moment; products are the vendor's own.
func ViewItem(i store.ItemUse, products []store.Product, now time.Time) Item {
	quota := policy.Quota(i.Item, policy.Using(i, now))
	return Item{
		ID: i.ID, Name: i.Name, Organization: i.Organization, ChargeWay: FormatChargeWay(i.ChargeWay),
		Products: FormatProducts(i.Products, products), Version: i.Version, Edition: i.Edition,
		DeploymentType: FormatDeploymentType(i.DeploymentType), Modules: FormatModules(i.Modules),
		StartsAt: i.StartsAt, ExpiresAt: i.ExpiresAt, MaxBufferDays: i.MaxBufferDays,
		ValidationField: i.ValidationField, Trial: i.Trial, TrialBy: i.TrialBy, TrialDays: i.TrialDays,
		Requires: i.Requires, RequestLimit: i.RequestLimit, Requests: i.Use.Requests, RefuseClones: i.RefuseClones,
		LicenseFile: i.LicenseFile, RevokedAt: i.RevokedAt, ArchivedAt: i.ArchivedAt, Quota: quota, Live: i.Live,
		Charging: policy.TermsOf(i.Item), ChargeTerms: i.Charging, State: state(i.Item, quota, now),
		Handshakes: append([]string{}, i.Codes...), CreatedAt: i.CreatedAt,
	}
}

func state(i store.Item, quota protocol.Quota, now time.Time) string {
	switch {
	case i.RevokedAt != 0:
		return StateRevoked
	case i.ArchivedAt != 0:
		return StateArchived
	case now.Unix() >= policy.ValidUntil(i):
		return StateExpired
	case now.Unix() < i.StartsAt:
		return StateFuture
	case quota.State == protocol.QuotaExhausted:
		return StateExhausted
	case now.Unix() >= i.ExpiresAt:
		return StateExpiring
	case quota.State == protocol.QuotaTolerance:
		return StateQuotaTolerance
	}
	return StateOK
}

// Percent is how much of a quota is used, in hundredths of a percent, rounded down;
// ok is false if there is no limit.
func Percent(q protocol.Quota) (hundredths int64, ok bool) {
	if q.Limit <= 0 {
		return 0, false
	}
	return int64(float64(q.Used) / float64(q.Limit) * 10000), true
}

// ToleranceLeft is how much may be used beyond the quota before devices are refused.
func ToleranceLeft(q protocol.Quota) int64 {
	return min(max(q.Limit+q.Tolerance-q.Used, 0), q.Tolerance)
}

// Device is a device with its seats, as it is shown.
type Device struct {
	UUID         string             `json:"uuid"`
	UUIDSource   string             `json:"uuidSource"`
	FriendlyName string             `json:"friendlyName,omitempty"`
	Platform     string             `json:"platform,omitempty"`
	Library      string             `json:"library,omitempty"`
	FirstSeenAt  int64              `json:"firstSeenAt"`
	LastSeenAt   int64              `json:"lastSeenAt"`
	Keys         int64              `json:"keys"`
	Seats        []store.DeviceSeat `json:"seats"`
	ClonedAt     int64              `json:"clonedAt,omitempty"`
	BlockedAt    int64              `json:"blockedAt,omitempty"` // it is refused since then
	ErasedAt     int64              `json:"erasedAt,omitempty"`  // when its personal data were erased
	// MergedInto is the device into which this one was merged; Merged are those that were merged
	// into this one. All are UUIDs of one machine.
	MergedInto string   `json:"mergedInto,omitempty"`
	Merged     []string `json:"merged,omitempty"`
	// Account is the account that the device sent last.
	Account *protocol.DeviceAccount `json:"account,omitempty"`
}

// viewDevice shows a device with the seats that it has now: one that was freed, or that ended, is
// kept longer, because exceptions are counted from it.
func viewDevice(d store.DeviceUse, now time.Time) Device {
	seats := []store.DeviceSeat{}
	for _, seat := range d.Seats {
		if seat.ExpiresAt > now.Unix() {
			seats = append(seats, seat)
		}
	}
	return Device{
		UUID: d.UUID, UUIDSource: d.UUIDSource, FriendlyName: d.FriendlyName, Platform: d.Platform, Library: d.Library,
		FirstSeenAt: d.FirstSeenAt, LastSeenAt: d.LastSeenAt, Keys: d.Keys,
		Seats: seats, ClonedAt: d.ClonedAt, Account: d.Account,
	}
}

// Tag identifies the present settings of an object, for callers that change it: the ETag of the
// API.
func Tag(stated any) string {
	text, err := json.Marshal(stated)
	if err != nil { // what is shown always marshals
		panic(err)
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:12])
}

// Stated is what an administrator sets for an item, without its use.
func (i Item) Stated() any {
	i.Quota, i.State, i.Handshakes, i.Live, i.Requests = protocol.Quota{Limit: i.Quota.Limit}, "", nil, 0, 0
	i.Charging = policy.Terms{} // follows from the rest
	return i
}

// differences lists the changes between two versions of an object's settings, field by field.
func differences(before, after any) string {
	fields := func(stated any) map[string]any {
		text, err := json.Marshal(stated)
		if err != nil { // what is shown always marshals
			panic(err)
		}
		var object map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber() // exact, however large
		if err := decoder.Decode(&object); err != nil {
			panic(err)
		}
		fields := map[string]any{}
		flatten(fields, "", object)
		return fields
	}
	from, to := fields(before), fields(after)
	all := maps.Clone(from)
	maps.Copy(all, to)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, is := written(name, from[name]), written(name, to[name])
		if was != is {
			list = append(list, fmt.Sprintf("%s: %s → %s", name, was, is))
		}
	}
	return strings.Join(list, ", ")
}

// flatten gives fields of nested objects names such as quota.limit.
func flatten(to map[string]any, prefix string, object map[string]any) {
	for name, value := range object {
		if within, ok := value.(map[string]any); ok {
			flatten(to, prefix+name+".", within)
			continue
		}
		to[prefix+name] = value
	}
}

// written is a field's value for people. Fields named like expiresAt or until are moments.
func written(name string, value any) string {
	if value == nil || value == "" {
		return "none"
	}
	if number, ok := value.(json.Number); ok {
		seconds, err := number.Int64()
		if err != nil || !strings.HasSuffix(name, "At") && !strings.HasSuffix(name, "Until") {
			return number.String()
		}
		if seconds == 0 {
			return "none"
		}
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)                  // who shows it sees to that
	if err := encoder.Encode(value); err != nil { // it was JSON
		panic(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// page reads the objects whose keys a list gives, in the order of the list.
func page[S, V any](ctx context.Context, a *Administrator, s Selection,
	list func(context.Context, store.Reader, Selection) ([]store.ID, string, error),
	read func(keys []store.ID) ([]S, error), key func(S) store.ID, view func(S) V,
) (Page[V], error) {
	result := Page[V]{Items: []V{}}
	if err := a.may(Viewer); err != nil {
		return result, err
	}
	s, ok := a.narrow(s)
	if !ok {
		return result, nil
	}
	keys, next, err := list(ctx, a.Store, s)
	if err != nil || len(keys) == 0 {
		return result, selection(err)
	}
	rows, err := read(keys)
	if err != nil {
		return result, err
	}
	place := make(map[store.ID]S, len(rows))
	for _, row := range rows {
		place[key(row)] = row
	}
	for _, k := range keys {
		// Skip what was removed meanwhile.
		if row, ok := place[k]; ok {
			result.Items = append(result.Items, view(row))
		}
	}
	result.Next = next
	return result, nil
}
