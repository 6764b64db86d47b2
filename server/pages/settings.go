package pages

import (
	"strconv"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var settingsPages = []page{{
	path: "/settings", name: "settings", title: "Settings", nav: "/settings", role: administration.Viewer,
	get: showSettings,
	final: map[string]question{
		"account-remove": {text: "Remove this account?", of: "account"},
		"token-remove":   {text: "Revoke this token?", of: "token"},
		"retention": {
			text: "Delete the older of these records, now and from now on?", of: "record", given: "days",
		},
	},
	actions: map[string]action{
		"settings": {administration.Owner, func(r *request) (string, error) {
			form := r.PostForm
			return "settings?done=changed", r.admin.ChangeSettings(r.Context(), administration.Settings{
				TimeZone: form.Get("timeZone"), PublicURL: form.Get("publicURL"), StandbyURL: form.Get("standbyURL"),
			})
		}},
		"retention": {administration.Owner, func(r *request) (string, error) {
			days, err := strconv.ParseInt(cmp0(r.PostForm.Get("days")), 10, 64)
			if err != nil {
				return "", mistake("days", "this is not a number of days")
			}
			return "settings?done=changed",
				r.admin.SetRetention(r.Context(), store.Record(r.PostForm.Get("record")), days)
		}},
		"password": {administration.Viewer, func(r *request) (string, error) {
			form := r.PostForm
			if form.Get("password") != form.Get("again") {
				return "", mistake("again", "the two passwords differ")
			}
			cookie, err := r.Cookie(cookieName(r.Request))
			if err != nil {
				return "", err
			}
			return "settings?done=password",
				r.admin.ChangePassword(r.Context(), r.pages.Attempts, administration.Network(Address(r.Request)),
					cookie.Value, form.Get("old"), form.Get("password"))
		}},
		"account": {administration.Owner, func(r *request) (string, error) {
			form := r.PostForm
			_, err := r.admin.AddAccount(r.Context(), administration.AccountInput{
				Name: form.Get("name"), Password: form.Get("newPassword"), Role: administration.Role(form.Get("role")),
				Organization: form.Get("organization"),
			})
			return "settings?done=added", err
		}},
		"account-role": {administration.Owner, func(r *request) (string, error) {
			form := r.PostForm
			return "settings?done=changed", r.admin.ChangeAccount(r.Context(), form.Get("account"),
				administration.Role(form.Get("role")), form.Get("organization"))
		}},
		"account-password": {administration.Owner, func(r *request) (string, error) {
			password := administration.RandomPassword()
			r.shown = password
			return again, r.admin.ResetPassword(r.Context(), r.PostForm.Get("account"), password)
		}},
		"account-remove": {administration.Owner, func(r *request) (string, error) {
			return "settings?done=removed", r.admin.RemoveAccount(r.Context(), r.PostForm.Get("account"))
		}},
		"token": {administration.Owner, func(r *request) (string, error) {
			form := r.PostForm
			in := administration.TokenInput{Name: form.Get("tokenName"), Scope: administration.Scope(form.Get("scope")),
				Organization: form.Get("tokenOrganization")}
			if text := form.Get("expiresAt"); text != "" {
				if in.ExpiresAt = r.day(text, 1); in.ExpiresAt == 0 {
					return "", mistake("expiresAt", "this is not a date such as 2027-01-31")
				}
			}
			_, secret, err := r.admin.AddToken(r.Context(), in)
			r.shown = secret
			return again, err
		}},
		"token-remove": {administration.Owner, func(r *request) (string, error) {
			return "settings?done=removed", r.admin.RemoveToken(r.Context(), r.PostForm.Get("token"))
		}},
	},
}}

type settingsShown struct {
	Settings      administration.Settings
	Accounts      []administration.Account
	Tokens        []administration.Token
	Retention     []administration.Retention
	Organizations []option
	Zones         []string
	KeyID, Key    string
	NewToken      string // shown this once
	NewPassword   string // likewise
	Of            string // whose password it is
}

// zones are time zones to choose from; others can be written.
var zones = []string{
	"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Bogota", "America/Chicago", "America/Denver",
	"America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto",
	"Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore",
	"Asia/Tokyo", "Australia/Perth", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Istanbul",
	"Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris", "Europe/Rome", "Europe/Stockholm",
	"Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland",
}

func showSettings(r *request) (any, error) {
	ctx := r.Context()
	shown := settingsShown{
		Settings: r.settings, Zones: zones,
		KeyID: protocol.SigningKeyID(r.pages.PublicKey), Key: protocol.Encoding.EncodeToString(r.pages.PublicKey),
	}
	if !r.who().May(administration.Owner) {
		return shown, nil
	}
	if r.shown != "" && len(r.mistakes) == 0 {
		if r.PostForm.Get("action") == "token" {
			shown.NewToken = r.shown
		} else {
			shown.NewPassword, shown.Of = r.shown, r.PostForm.Get("account")
		}
	}
	var err error
	if shown.Retention, err = r.admin.Retentions(ctx); err != nil {
		return nil, err
	}
	if shown.Accounts, err = r.admin.Accounts(ctx); err != nil {
		return nil, err
	}
	if shown.Tokens, err = r.admin.Tokens(ctx); err != nil {
		return nil, err
	}
	organizations, err := r.admin.Organizations(ctx, administration.Selection{Sort: "name", Limit: records.MaxLimit})
	shown.Organizations = []option{{Value: "", Text: "all organizations"}}
	for _, o := range organizations.Items {
		shown.Organizations = append(shown.Organizations, option{Value: o.ID, Text: o.Name + " (" + o.ID + ")"})
	}
	return shown, err
}

// recordTexts describe each kind of record, and what deleting it means.
var recordTexts = []struct {
	record      store.Record
	Title, Text string
}{
	{record: store.RecordReceived, Title: "Reports", Text: "Every report that devices sent. They are deleted by " +
		"whole months, once a signed checkpoint has their sums. At least 40 days."},
	{record: store.RecordDenials, Title: "Refusals", Text: "Who was refused an authorization, and why."},
	{record: store.RecordAnomalies, Title: "Anomalies", Text: "Strange events of devices."},
	{record: store.RecordAudit, Title: "Audit", Text: "Who changed what."},
	{record: store.RecordSeats, Title: "Past seats", Text: "Which device had a seat, and when. Their sums stay. " +
		"At least 365 days, because exceptions are counted over 365 days."},
	{record: store.RecordTokens, Title: "Expired tokens", Text: "Tokens of the API, from the day on which they " +
		"expired."},
}

// RecordTitle names a kind of record.
func (v *view) RecordTitle(record store.Record) string {
	for _, r := range recordTexts {
		if r.record == record {
			return v.T(r.Title)
		}
	}
	return string(record)
}

// RecordText says what a kind of record is.
func (v *view) RecordText(record store.Record) string {
	for _, r := range recordTexts {
		if r.record == record {
			return v.T(r.Text)
		}
	}
	return ""
}

// Expired tells whether a token does not work any more.
func (v *view) Expired(unix int64) bool {
	return unix != 0 && !v.r.admin.Now().Before(time.Unix(unix, 0))
}

// Roles offers the roles for an account, its own one selected.
func (v *view) Roles(a administration.Account) (roles []option) {
	for _, role := range []administration.Role{administration.Viewer, administration.Editor, administration.Owner} {
		roles = append(roles, option{Value: string(role), Text: string(role), Selected: role == a.Role})
	}
	return roles
}

// Seen offers what an account may see, what it sees now selected.
func (v *view) Seen(a administration.Account, organizations []option) (seen []option) {
	for _, each := range organizations {
		each.Selected = each.Value == a.Organization
		seen = append(seen, each)
	}
	return seen
}
