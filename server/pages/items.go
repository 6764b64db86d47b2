package pages

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var itemPages = []page{
	{
		path: "/items", name: "items", title: "License items", nav: "/items", role: administration.Viewer,
		get: func(r *request) (any, error) { return r.admin.Items(r.Context(), r.selection()) },
		table: func(r *request) (*table, error) {
			return listed(r, "items", r.admin.Items, []string{
				"id", "name", "organization", "chargeWay", "state", "used", "quota", "tolerance", "startsAt",
				"expiresAt", "handshakes",
			}, func(i administration.Item) []any {
				return []any{i.ID, i.Name, i.Organization, i.ChargeWay, i.State, i.Quota.Used, limit(i.Quota.Limit),
					i.Quota.Tolerance, r.written(i.StartsAt), r.written(i.ExpiresAt), strings.Join(i.Handshakes, " ")}
			})
		},
	},
	{
		path: "/items/new", name: "item-new", title: "New license item", nav: "/items", role: administration.Editor,
		get:     func(r *request) (any, error) { return r.newItemForm() },
		actions: map[string]action{"add": {administration.Editor, addItem}},
	},
	{
		path: "/items/{id}", name: "item", title: "License item", nav: "/items", role: administration.Viewer,
		get: showItem,
		final: map[string]question{
			"revoke": {text: "Revoke this item for good?", of: "id"},
			"remove": {text: "Remove this item?", of: "id"},
		},
		actions: map[string]action{
			"change": {administration.Editor, changeItem},
			"attach": {administration.Editor, func(r *request) (string, error) {
				id, code := r.PathValue("id"), strings.TrimSpace(r.PostForm.Get("handshake"))
				position, err := strconv.ParseInt(cmp0(r.PostForm.Get("position")), 10, 64)
				if err != nil {
					return "", mistake("position", "a position is a number from 1 on, or empty for the default rules")
				}
				return "items/" + segment(id) + "?done=attached", r.admin.AttachItem(r.Context(), id, code, position)
			}},
			"detach": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "items/" + segment(id) +
					"?done=detached", r.admin.DetachItem(r.Context(), id, r.PostForm.Get("handshake"))
			}},
			"revoke": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "items/" + segment(id) + "?done=revoked", r.admin.RevokeItem(r.Context(), id)
			}},
			"archive": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "items/" + segment(id) + "?done=archived", r.admin.ArchiveItem(r.Context(), id, true)
			}},
			"unarchive": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "items/" + segment(id) + "?done=unarchived", r.admin.ArchiveItem(r.Context(), id, false)
			}},
			"free": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				return "items/" + segment(id) +
					"?done=freed#seats", r.admin.FreeSeat(r.Context(), id, r.PostForm.Get("device"))
			}},
			"adjust": {administration.Editor, func(r *request) (string, error) {
				id := r.PathValue("id")
				units, err := strconv.ParseInt(plainNumber(r.PostForm.Get("units")), 10, 64)
				if err != nil {
					return "", mistake("units", "this is not a number of units, such as -500")
				}
				_, err = r.admin.AdjustItem(r.Context(), id, units, strings.TrimSpace(r.PostForm.Get("reason")))
				return "items/" + segment(id) + "?done=adjusted", err
			}},
			"remove": {administration.Editor, func(r *request) (string, error) {
				return "items?done=removed", r.admin.RemoveItem(r.Context(), r.PathValue("id"))
			}},
		},
	},
}

// limit is a quota for programs and spreadsheets: nothing if there is none.
func limit(quota int64) any {
	if quota == store.Unlimited {
		return nil
	}
	return quota
}

// cmp0 reads an empty field as 0.
func cmp0(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return "0"
	}
	return text
}

func mistake(field, text string) error {
	return &administration.Error{Kind: administration.Invalid, Field: field, Text: text}
}

// itemForm is what the form of an item offers.
type itemForm struct {
	Organizations []option
	Codes         []administration.Code
	ChargeWays    []option
}

func (r *request) newItemForm() (itemForm, error) {
	var form itemForm
	s := administration.Selection{Sort: "name", Limit: records.MaxLimit}
	organizations, err := r.admin.Organizations(r.Context(), s)
	if err != nil {
		return form, err
	}
	for _, o := range organizations.Items {
		form.Organizations = append(form.Organizations, option{Value: o.ID, Text: o.Name + " (" + o.ID + ")"})
	}
	codes, err := r.admin.Codes(r.Context(), administration.Selection{
		Sort: "code", Limit: records.MaxLimit, Organizations: r.selection().Organizations,
	})
	form.Codes = codes.Items
	form.ChargeWays = (&view{r: r}).wayOptions("")
	return form, err
}

// itemFields reads the fields of an item's form.
func (r *request) itemFields() (administration.ItemFields, error) {
	form := r.PostForm
	var f administration.ItemFields
	for name, to := range map[string]**string{
		"name": &f.Name, "products": &f.Products, "version": &f.Version, "edition": &f.Edition,
		"deploymentType": &f.DeploymentType, "modules": &f.Modules, "validationField": &f.ValidationField,
	} {
		if _, sent := form[name]; sent {
			value := strings.TrimSpace(form.Get(name))
			*to = &value
		}
	}
	if f.Products != nil && *f.Products == "" {
		f.Products = nil
	}
	quota, err := parseQuota(form.Get("quota"))
	if err != nil {
		return f, err
	}
	f.Quota = &quota
	for name, to := range map[string]**int64{"startsAt": &f.StartsAt, "expiresAt": &f.ExpiresAt} {
		text := strings.TrimSpace(form.Get(name))
		if text == "" {
			continue
		}
		t, err := time.ParseInLocation("2006-01-02T15:04", text, r.zone)
		if err != nil {
			if t, err = statistics.ParseDay(text, r.zone); err != nil {
				return f, mistake(name, "this is not a date such as 2027-01-31")
			}
		}
		at := t.Unix()
		*to = &at
	}
	if text := strings.TrimSpace(form.Get("maxBufferDays")); text != "" {
		days, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return f, mistake("maxBufferDays", "this is not a number of days")
		}
		f.MaxBufferDays = &days
	}
	if f.ChargeTerms, err = r.chargeTerms(); err != nil {
		return f, err
	}
	trial, refuseClones := form.Get("trial") != "", form.Get("refuseClones") != ""
	f.Trial, f.RefuseClones = &trial, &refuseClones
	return f, r.conditions(&f)
}

// conditions reads the conditions of an item other than its quota.
func (r *request) conditions(f *administration.ItemFields) error {
	form := r.PostForm
	if _, sent := form["trialBy"]; sent {
		by := form.Get("trialBy")
		f.TrialBy = &by
	}
	for name, to := range map[string]**int64{"trialDays": &f.TrialDays, "requestLimit": &f.RequestLimit} {
		if _, sent := form[name]; sent {
			n, err := strconv.ParseInt(cmp0(plainNumber(form.Get(name))), 10, 64)
			if err != nil {
				return mistake(name, "this is not a number")
			}
			*to = &n
		}
	}
	if _, sent := form["requires"]; sent {
		requires := lines(form.Get("requires"))
		f.Requires = &requires
	}
	return nil
}

// plainNumber removes the separators between the thousands of a number.
func plainNumber(text string) string {
	return strings.NewReplacer(" ", "", "\u202f", "", "\u00a0", "", ",", "", "'", "", ".", "", "_", "", "−",
		"-").Replace(strings.TrimSpace(text))
}

// parseQuota reads a quota as people write it: with or without separators, or empty.
func parseQuota(text string) (int64, error) {
	text = plainNumber(text)
	if text == "" || strings.EqualFold(text, "unlimited") {
		return store.Unlimited, nil
	}
	quota, err := strconv.ParseInt(text, 10, 64)
	if err != nil || quota < 1 {
		return 0, mistake("quota", "a quota is a number from 1 on, or empty: unlimited")
	}
	return quota, nil
}

func addItem(r *request) (string, error) {
	fields, err := r.itemFields()
	if err != nil {
		return "", err
	}
	in := administration.ItemInput{
		ID: strings.TrimSpace(r.PostForm.Get("id")), Organization: r.PostForm.Get("organization"),
		ChargeWay:  r.PostForm.Get("chargeWay"),
		ItemFields: fields,
	}
	for _, code := range r.PostForm["handshakes"] {
		if code != "" {
			in.Handshakes = append(in.Handshakes, code)
		}
	}
	added, err := r.admin.NewItem(r.Context(), in)
	return "items/" + segment(added.ID) + "?done=added", err
}

func changeItem(r *request) (string, error) {
	id := r.PathValue("id")
	fields, err := r.itemFields()
	if err != nil {
		return "", err
	}
	_, err = r.admin.ChangeItem(r.Context(), id, fields, r.tags())
	return "items/" + segment(id) + "?done=changed", err
}

// itemShown is the page of an item.
type itemShown struct {
	administration.Item
	Organization administration.Organization
	Forecast     administration.Forecast
	Left         int64 // of the tolerance
	Attached     administration.Page[administration.Code]
	Others       choice // codes it could be attached to
	Seats        administration.Page[records.ItemDevice]
	Trend        *trend
	Adjustments  administration.Page[records.AdjustmentOf]
	Form         itemForm
}

// Adjustable tells whether the item counts units.
func (i itemShown) Adjustable() bool { return administration.CountsUnits(i.ChargeWay) }

func (i itemShown) title() string { return i.Name }

// Tag identifies what is shown, for who changes it.
func (i itemShown) Tag() string { return administration.Tag(i.Stated()) }

func showItem(r *request) (any, error) {
	ctx, id := r.Context(), r.PathValue("id")
	item, err := r.admin.Item(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := itemShown{Item: item, Left: administration.ToleranceLeft(item.Quota)}
	if shown.Organization, err = r.admin.Organization(ctx, item.Organization); err != nil {
		return nil, err
	}
	if shown.Attached, err = r.admin.Codes(ctx, administration.Selection{
		Items: []string{id}, Sort: "code", Limit: attachedRows, After: r.URL.Query().Get("after"),
	}); err != nil {
		return nil, err
	}
	all, err := r.admin.Codes(ctx, administration.Selection{
		Organizations: []string{item.Organization}, Sort: "code", Limit: maxOptions,
	})
	if err != nil {
		return nil, err
	}
	if shown.Others.Typed = all.Next != ""; !shown.Others.Typed {
		for _, code := range all.Items {
			if !slices.Contains(code.Items, id) {
				shown.Others.Options = append(shown.Others.Options, option{Value: code.Code, Text: code.Code})
			}
		}
	}
	if shown.Forecast, err = r.admin.Forecast(ctx, item); err != nil {
		return nil, err
	}
	if shown.Seats, err = r.admin.Seats(ctx, id, administration.Selection{Limit: 50}); err != nil {
		return nil, err
	}
	if shown.Adjustments, err = r.admin.Adjustments(ctx, id, administration.Selection{Limit: 20}); err != nil {
		return nil, err
	}
	shown.Trend, err = r.lastDays(filter{Item: id}, 30)
	return shown, err
}
