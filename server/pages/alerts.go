package pages

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
)

// alertRows is how many alerts that ring, and rows of the history, are shown at a time.
const alertRows = 100

var alertPages = []page{{
	path: "/alerts", name: "alerts", title: "Alerts", nav: "/alerts", role: administration.Viewer, everywhere: true,
	get:   showAlerts,
	final: map[string]question{"remove": {text: "Remove this channel?", of: "channel"}},
	actions: map[string]action{
		"rule": {administration.Editor, func(r *request) (string, error) {
			return "alerts?done=changed",
				r.admin.SetAlertRule(r.Context(), r.PostForm.Get("kind"), r.PostForm.Get("levels"))
		}},
		"email": {administration.Owner, func(r *request) (string, error) {
			form := r.PostForm
			port, err := strconv.Atoi(form.Get("port"))
			if err != nil && form.Get("port") != "" {
				return "", mistake("port", "this is not a port")
			}
			_, _, err = r.admin.AddAlertChannel(r.Context(), form.Get("name"), alerts.Target{Email: &alerts.Email{
				Host: form.Get("host"), Port: port, Security: alerts.Security(form.Get("security")),
				User: form.Get("user"), Password: form.Get("smtpPassword"), From: form.Get("from"),
				To: receivers(form.Get("to")), CC: receivers(form.Get("cc")), BCC: receivers(form.Get("bcc")),
			}})
			return "alerts?done=added", err
		}},
		"webhook": {administration.Owner, func(r *request) (string, error) {
			_, secret, err := r.admin.AddAlertChannel(r.Context(), r.PostForm.Get("hookName"), alerts.Target{
				Webhook: &alerts.Webhook{URL: r.PostForm.Get("url")},
			})
			r.shown = secret
			return again, err
		}},
		"channel": {administration.Owner, changeChannel},
		"test": {administration.Editor, func(r *request) (string, error) {
			return "alerts?done=sent", r.admin.TestAlertChannel(r.Context(), r.pages.Alerts, r.PostForm.Get("channel"))
		}},
		"remove": {administration.Owner, func(r *request) (string, error) {
			return "alerts?done=removed", r.admin.RemoveAlertChannel(r.Context(), r.PostForm.Get("channel"))
		}},
	},
	table: func(r *request) (*table, error) {
		return listed(r, "alerts", r.admin.AlertHistory, []string{
			"at", "kind", "subject", "organization", "level", "value", "recovered", "text",
		},
			func(e alerts.Event) []any {
				return []any{r.written(e.At), string(e.Kind), e.Subject, e.Organization, e.Kind.Write(e.Level), e.Value,
					strconv.FormatBool(e.Recovered), e.Text}
			})
	},
}}

// receivers splits a list of addresses.
func receivers(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool {
		return c == ';' || c == ',' || c == ' ' || c == '\n' || c == '\r'
	})
}

// changeChannel changes where a channel leads. Secrets are not shown, so an empty field leaves them.
func changeChannel(r *request) (string, error) {
	form := r.PostForm
	change := administration.ChannelChange{Name: new(form.Get("channelName"))}
	if form.Has("channelTo") {
		change.To, change.CC = new(receivers(form.Get("channelTo"))), new(receivers(form.Get("channelCC")))
		change.BCC, change.From = new(receivers(form.Get("channelBCC"))), new(form.Get("channelFrom"))
	}
	if password := form.Get("channelPassword"); password != "" {
		change.Password = &password
	}
	if address := form.Get("channelURL"); address != "" {
		change.URL = &address
	}
	return "alerts?done=changed", r.admin.ChangeAlertChannel(r.Context(), form.Get("channel"), change)
}

// alertsShown is what the page of alerts shows.
type alertsShown struct {
	Open      []administration.OpenAlert
	More      int // which are not shown
	History   administration.Page[alerts.Event]
	Rules     []alertRule
	Channels  []administration.Channel
	NewSecret string // shown only this time
}

type alertRule struct {
	alerts.Rule
	Title, Unit string
}

// alertKinds are the kinds of alerts in words, in the order they are shown.
var alertKinds = []struct {
	kind       alerts.Kind
	what, unit option
}{
	{alerts.Quota, option{Text: "Quota of an item"}, option{Text: "percent used; end: the tolerance is used up"}},
	{alerts.Exceptions, option{Text: "Exceptions of an item"}, option{Text: "percent of those allowed"}},
	{alerts.Refused, option{Text: "Refusals under a code"},
		option{Text: "percent of the last hour's authorizations, of 10 or more"}},
	{alerts.Expiry, option{Text: "End of an item"}, option{Text: "days ahead"}},
	{alerts.Silent, option{Text: "Silent devices"}, option{Text: "days without a request"}},
	{alerts.Loss, option{Text: "Lost usage"}, option{Text: "units newly declared lost"}},
	{alerts.Anomaly, option{Text: "Strange devices"}, option{Text: "new anomalies of a kind"}},
}

func showAlerts(r *request) (any, error) {
	ctx := r.Context()
	shown := alertsShown{}
	if len(r.mistakes) == 0 {
		shown.NewSecret = r.shown
	}
	var err error
	if shown.Open, shown.More, err = r.admin.NewestAlerts(ctx, alertRows); err != nil {
		return nil, err
	}
	if shown.History, err = r.admin.AlertHistory(ctx,
		administration.Selection{After: r.URL.Query().Get("after"), Limit: alertRows}); err != nil {
		return nil, err
	}
	rules, err := r.admin.AlertRules(ctx)
	if err != nil {
		return nil, err
	}
	for _, known := range alertKinds {
		for _, rule := range rules {
			if rule.Kind == known.kind {
				shown.Rules = append(shown.Rules, alertRule{rule, known.what.Text, known.unit.Text})
			}
		}
	}
	shown.Channels, err = r.admin.AlertChannels(ctx)
	return shown, err
}

// AlertKind names a kind of alerts.
func (v *view) AlertKind(kind alerts.Kind) string {
	for _, known := range alertKinds {
		if known.kind == kind {
			return v.T(known.what.Text)
		}
	}
	return string(kind)
}

// AlertLevel writes a level of a kind, with its unit.
func (v *view) AlertLevel(kind alerts.Kind, level int64) string {
	switch {
	case kind == alerts.Quota && level == alerts.EndOfTolerance:
		return v.T("tolerance used up")
	case kind == alerts.Expiry || kind == alerts.Silent:
		return v.T("%d days", level)
	case kind == alerts.Loss || kind == alerts.Anomaly:
		return v.T("%s new", grouped(level))
	}
	return v.T("%d %%", level)
}

// AlertSubject is the name of the subject of an alert.
func (v *view) AlertSubject(kind alerts.Kind, subject string) string {
	switch kind {
	case alerts.Anomaly:
		return v.AnomalyText(subject).Title
	case alerts.Silent:
		organization, _, _ := strings.Cut(subject, "/") // and the days, which are the level
		return organization
	}
	return subject
}

// AlertLink is the link to the subject of an alert; "" if that has no page.
func (v *view) AlertLink(kind alerts.Kind, subject string) string {
	switch kind {
	case alerts.Quota, alerts.Exceptions, alerts.Expiry:
		return v.Root() + "items/" + segment(subject)
	case alerts.Refused:
		return v.Root() + "denials?handshake=" + url.QueryEscape(subject)
	case alerts.Silent:
		organization, _, _ := strings.Cut(subject, "/") // and the days
		return v.Root() + "devices?sort=seen&org=" + url.QueryEscape(organization)
	case alerts.Loss:
		return v.Root() + "organizations/" + segment(subject)
	case alerts.Anomaly:
		return v.Root() + "anomalies?kind=" + url.QueryEscape(subject)
	}
	return ""
}

// ringing are alerts that are not over, for a table of them.
type ringing struct {
	V    *view
	Rows []administration.OpenAlert
}

// Ringing makes a table of alerts that are not over.
func (v *view) Ringing(list []administration.OpenAlert) ringing { return ringing{v, list} }

// ChannelFields are the fields in which a channel can be changed.
func (v *view) ChannelFields(c administration.Channel) []field {
	typed := func(name, label, kind, value string, required bool) field {
		return field{Name: name, Label: label, Type: kind, Required: required,
			Value: v.Typed("channel", c.ID, name, value)}
	}
	fields := []field{typed("channelName", v.T("Name"), "text", c.Name, true)}
	if e := c.Email; e != nil {
		password := typed("channelPassword", v.T("Password"), "password", "", false)
		password.Value, password.Hint = "", v.T("Empty: as it is.")
		return append(fields,
			typed("channelTo", v.T("To"), "text", strings.Join(e.To, "; "), true),
			typed("channelCC", v.T("Copy to"), "text", strings.Join(e.CC, "; "), false),
			typed("channelBCC", v.T("Hidden copy to"), "text", strings.Join(e.BCC, "; "), false),
			typed("channelFrom", v.T("Sender"), "text", e.From, true), password)
	}
	address := typed("channelURL", v.T("Address"), "url", "", false)
	address.Hint = v.T("Empty: as it is.")
	return append(fields, address)
}
