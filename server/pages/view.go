package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages' templates by name, each with the layout.
var templates = sync.OnceValues(func() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := map[string]*template.Template{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		clone, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		if all[name], err = clone.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
	}
	return all, nil
})

// render writes the page with what it shows.
func (r *request) render(data any) error {
	all, err := templates()
	if err != nil {
		return err
	}
	t, ok := all[r.page.name]
	if !ok {
		return fmt.Errorf("there is no template %q", r.page.name)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, &view{r: r, Data: data}); err != nil {
		return err
	}
	r.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.w.WriteHeader(r.status)
	_, _ = r.w.Write(text.Bytes()) // the browser may have gone away
	return nil
}

// view is what templates see: the page's data, and functions that format values.
type view struct {
	r    *request
	Data any
}

// T gives a text in the reader's language, with arguments filled in.
func (v *view) T(text string, arguments ...any) string {
	if text = translate(v.r.Request, text); len(arguments) > 0 {
		return fmt.Sprintf(text, arguments...)
	}
	return text
}

// Title is the title of the page.
func (v *view) Title() string {
	if titled, ok := v.Data.(interface{ title() string }); ok {
		return titled.title()
	}
	return v.T(v.r.page.title)
}

// Root is the relative address of the root of the pages.
func (v *view) Root() string { return v.r.root() }

// Version changes with the assets, so that caches notice.
func (v *view) Version() string { return assetVersion() }

// Program is the version of the server.
func (v *view) Program() string { return v.r.pages.Version }

// Who is the account that is signed in; its name is "" if there is none.
func (v *view) Who() administration.Principal { return v.r.who() }

// May tells whether the account that is signed in has a role.
func (v *view) May(role string) bool { return v.r.who().May(administration.Role(role)) }

// Everywhere tells whether the account that is signed in may see all organizations.
func (v *view) Everywhere() bool { return v.r.who().Organization == "" }

// Done is what was just done; "" if nothing.
func (v *view) Done() string {
	if text, ok := done[v.r.URL.Query().Get("done")]; ok {
		return v.T(text)
	}
	return ""
}

// done are the texts of what forms did, by the words in addresses.
var done = map[string]string{
	"added": "Added.", "changed": "Changed.", "removed": "Removed.", "revoked": "Revoked.", "attached": "Attached.",
	"detached": "Detached.", "password": "Your password is changed. Other sessions have ended.",
	"signed-out": "You are signed out.", "sent": "The test was sent.",
	"welcome": "Welcome. You are the owner of this server.", "archived": "Archived: it authorizes nobody.",
	"unarchived": "Restored: it authorizes again.", "adjusted": "Adjusted.", "renamed": "Renamed.",
	"trusted":          "Trusted: license files of this vendor can be imported.",
	"vendor-key":       "The key is made. License files can be issued.",
	"closed":           "The month is closed. Its statement never changes from now on.",
	"session-password": "The session password is changed.",
	"replaced":         "Replaced: this code takes over. Make a license key of it for your applications.",
	"freed":            "Freed: the seat is there for another device.",
	"moved":            "Moved: the other device has the seats now.",
	"blocked":          "Blocked: the device is refused from now on.",
	"unblocked":        "Unblocked: the device is authorized again.",
	"merged":           "Merged: both are shown as this device.",
	"separated":        "Separated: the device is shown as itself again.",
	"erased":           "Erased: no personal data of this device are left.",
	"confirmed":        "Confirmed: the key is the device's own.",
	"cleared":          "Cleared: the device counts as one device.",
}

// Mistakes are the mistakes of the form that belong to no field on the page.
func (v *view) Mistakes() (texts []string) {
	for _, each := range v.r.mistakes {
		texts = append(texts, each.Text)
	}
	return texts
}

// Tried tells whether this action was sent, and failed.
func (v *view) Tried(action string) bool {
	return len(v.r.mistakes) > 0 && v.r.PostForm.Get("action") == action
}

// entry is an entry of the menu.
type entry struct {
	Path, Title, Icon string
	Current           bool
}

var menu = []struct {
	path, title, icon string
	role              administration.Role
	everywhere        bool
}{
	{"", "Overview", "home", administration.Viewer, false},
	{"statistics", "Statistics", "chart", administration.Viewer, false},
	{"items", "License items", "item", administration.Viewer, false},
	{"codes", "Handshake codes", "code", administration.Viewer, false},
	{"organizations", "Organizations", "organization", administration.Viewer, true},
	{"licenses", "License files", "license", administration.Viewer, true},
	{"devices", "Devices", "device", administration.Viewer, false},
	{"denials", "Refusals", "denial", administration.Viewer, false},
	{"anomalies", "Anomalies", "anomaly", administration.Viewer, false},
	{"alerts", "Alerts", "alert", administration.Viewer, true},
	{"audit", "Audit", "audit", administration.Viewer, true},
	{"settings", "Settings", "settings", administration.Viewer, false},
}

// Menu has the pages that the account may visit.
func (v *view) Menu() []entry {
	var entries []entry
	for _, m := range menu {
		if v.r.who().May(m.role) && (!m.everywhere || v.Everywhere()) {
			entries = append(entries, entry{m.path, v.T(m.title), m.icon, v.r.page.nav == "/"+m.path})
		}
	}
	return entries
}

// moment is a time in the zone of the page.
type moment struct {
	Zero           bool
	ISO, Text, Day string
}

// At formats a time in seconds since 1970; 0 means none.
func (v *view) At(unix int64) moment {
	if unix == 0 {
		return moment{Zero: true}
	}
	t := time.Unix(unix, 0).In(v.r.zone)
	return moment{ISO: t.Format(time.RFC3339), Text: t.Format("2006-01-02 15:04"), Day: t.Format("2006-01-02")}
}

// Past tells whether a moment has come; 0 never does.
func (v *view) Past(unix int64) bool { return unix != 0 && unix <= v.r.admin.Now().Unix() }

// Ago says how long ago a time was, or how far ahead it is.
func (v *view) Ago(unix int64) string {
	if unix == 0 {
		return v.T("never")
	}
	d := v.r.admin.Now().Sub(time.Unix(unix, 0))
	ahead := d < 0
	d = d.Abs()
	n, unit := int64(d/(24*time.Hour)), "days"
	switch {
	case d < time.Minute:
		return v.T("now")
	case d < time.Hour:
		n, unit = int64(d/time.Minute), "min"
	case d < 48*time.Hour:
		n, unit = int64(d/time.Hour), "h"
	}
	if ahead {
		return v.T("in %d "+unit, n)
	}
	return v.T("%d "+unit+" ago", n)
}

// Zone is the name of the time zone of the page.
func (v *view) Zone() string { return v.r.zone.String() }

// Number writes a number with its thousands apart.
func (v *view) Number(n int64) string { return grouped(n) }

func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return sign + digits
}

// Quota writes a quota.
func (v *view) Quota(limit int64) string {
	if limit < 0 {
		return v.T("unlimited")
	}
	return grouped(limit)
}

// bar shows how much of a quota is used.
type bar struct {
	Width   float64 // of 100
	Percent string
	Class   string // ok, near, over
	Label   string
}

// Bar makes the bar of a quota.
func (v *view) Bar(q protocol.Quota) *bar {
	hundredths, ok := administration.Percent(q)
	if !ok {
		return nil
	}
	b := &bar{Width: min(float64(hundredths)/100, 100),
		Percent: fmt.Sprintf("%d.%02d %%", hundredths/100, hundredths%100), Class: "ok"}
	switch {
	case q.State != protocol.QuotaOK:
		b.Class = "over"
	case hundredths >= 7500:
		b.Class = "near"
	}
	b.Label = v.T("%s of %s used, %s", grouped(q.Used), grouped(q.Limit), b.Percent)
	return b
}

// Value is the value of a field of a form or a filter: what was sent, or otherwise.
func (v *view) Value(name, otherwise string) string {
	if v.r.Method == http.MethodPost {
		if _, sent := v.r.PostForm[name]; sent {
			return v.r.PostForm.Get(name)
		}
	}
	return otherwise
}

// Typed is the value of a field of one of many forms, each with a hidden field that tells which it
// is.
func (v *view) Typed(key string, of any, name, otherwise string) string {
	if v.r.PostForm.Get(key) == fmt.Sprint(of) {
		return v.Value(name, otherwise)
	}
	return otherwise
}

// Picked tells whether a value is among those that were picked of a field.
func (v *view) Picked(name, value string, otherwise bool) bool {
	if picked, sent := v.r.PostForm[name]; sent && v.r.Method == http.MethodPost {
		return slices.Contains(picked, value)
	}
	return otherwise
}

// Query is a field of the address.
func (v *view) Query(name string) string { return v.r.URL.Query().Get(name) }

// With is the page's own address with changed query parameters: name, value, and so on. It leaves
// out those that select one page of a list.
func (v *view) With(pairs ...string) string {
	query := v.r.URL.Query()
	query.Del("after")
	query.Del("done")
	for i := 0; i+1 < len(pairs); i += 2 {
		if query.Del(pairs[i]); pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return "?" + query.Encode()
}

// field is a field of a form.
type field struct {
	Name, Label, Hint, Value, Type, Mistake string
	Placeholder                             string
	Required, Checked                       bool
	Options                                 []option
}

type option struct {
	Value, Text string
	Selected    bool
}

// Field makes a field: its name as in the API, its label, a hint, and its value unless
// one was sent. A type may end with a star: required.
func (v *view) Field(kind, name, label, hint, value string) field {
	f := field{Name: name, Label: v.T(label), Value: v.Value(name, value), Type: strings.TrimSuffix(kind, "*"),
		Required: strings.HasSuffix(kind, "*")}
	if hint != "" {
		f.Hint = v.T(hint)
	}
	if f.Type == "checkbox" {
		f.Checked = value == "true"
		if v.r.Method == http.MethodPost {
			f.Checked = v.r.PostForm.Get(name) != ""
		}
	}
	for _, each := range v.r.mistakes {
		if each.Field == name {
			f.Mistake = each.Text
		}
	}
	return f
}

// Choice makes a field with options: value, text, value, text, ...
func (v *view) Choice(name, label, hint, value string, options []option) field {
	f := v.Field("select", name, label, hint, value)
	for _, each := range options {
		each.Selected = each.Value == f.Value
		each.Text = v.T(each.Text)
		f.Options = append(f.Options, each)
	}
	return f
}

// Options makes options of pairs of value and text.
func (v *view) Options(pairs ...string) (options []option) {
	for i := 0; i+1 < len(pairs); i += 2 {
		options = append(options, option{Value: pairs[i], Text: pairs[i+1]})
	}
	return options
}

// selection reads the filters of a list from the address.
func (r *request) selection() administration.Selection {
	q := r.URL.Query()
	values := func(name string) (list []string) {
		for _, value := range q[name] {
			if value != "" {
				list = append(list, value)
			}
		}
		return list
	}
	return administration.Selection{
		Organizations: values("org"), Codes: values("handshake"), Items: values("item"), Devices: values("device"),
		Kinds: values("kind"), States: values("state"), Text: strings.TrimSpace(q.Get("q")),
		Since: r.day(q.Get("since"), 0), Until: r.day(q.Get("until"), 1),
		Sort: q.Get("sort"), Descending: q.Get("reverse") != "", After: q.Get("after"),
	}
}

// day is the beginning of a day, plus so many days, in the zone of the page; 0 if the text is not a
// day.
func (r *request) day(text string, later int) int64 {
	t, err := statistics.ParseDay(text, r.zone)
	if err != nil {
		return 0
	}
	return statistics.AddDate(t, 0, 0, later).Unix()
}

// segment makes a text part of a path.
func segment(text string) string { return url.PathEscape(text) }

// deviceLink is the name of a device with a link to its page.
type deviceLink struct{ Link, UUID, Name string }

// Short is enough of the UUID to distinguish devices; the device's page shows all of it.
func (d deviceLink) Short() string {
	if len(d.UUID) <= 13 {
		return d.UUID
	}
	return d.UUID[:13] + "…"
}

// Device makes the link to a device.
func (v *view) Device(uuid, name string) deviceLink {
	return deviceLink{v.Root() + "devices/" + segment(uuid), uuid, name}
}

// named is an entry of a legend.
type named struct{ Class, Name, Units string }

// Series is the legend of a trend.
func (v *view) Series(t *trend) (list []named) {
	for _, s := range t.Series {
		name := s.Name
		if name == "" {
			name = v.T("other")
		}
		list = append(list, named{s.Class, inWords(name), grouped(s.Total)})
	}
	return list
}

// inWords adds to the code of a refusal what it means.
func inWords(name string) string {
	code, err := strconv.ParseInt(name, 10, 32)
	if err != nil || !protocol.Status(code).FromServer() {
		return name
	}
	return name + " " + protocol.Status(code).Message()
}

// maxNamed is how many types without a slice of their own a legend names.
const maxNamed = 5

// Slices is the legend of a pie.
func (v *view) Slices(p pie) (list []named) {
	for _, s := range p.Slices {
		name := inWords(s.Name)
		switch n := len(s.Others); {
		case n > maxNamed:
			name = v.T("%d others", n)
		case n > 0:
			name = v.T("other: %s", strings.Join(s.Others, ", "))
		}
		list = append(list, named{s.Class, name, grouped(s.Units) + " · " + s.Percent})
	}
	return list
}

// pager has the links to the first and to the next page of a list.
type pager struct{ First, Next, FirstText, NextText string }

// Pages makes the pager of a page of a list.
func (v *view) Pages(next string) pager {
	p := pager{FirstText: v.T("First page"), NextText: v.T("Next page")}
	if v.Query("after") != "" {
		p.First = v.With()
	}
	if next != "" {
		p.Next = v.With("after", next)
	}
	return p
}

// Filtered tells whether the address narrows the list.
func (v *view) Filtered() bool {
	for name, values := range v.r.URL.Query() {
		if name != "done" && name != "sort" && name != "reverse" && len(values) > 0 && values[0] != "" {
			return true
		}
	}
	return false
}

// rows are rows of a table that several pages have.
type rows[R any] struct {
	V     *view
	Rows  []R
	Pager pager
}

func rowsOf[R any](v *view, list []R, next []string) rows[R] {
	r := rows[R]{V: v, Rows: list}
	if len(next) > 0 {
		r.Pager = v.Pages(next[0])
	}
	return r
}

// ItemTable, CodeTable, DenialTable and AnomalyTable make tables; next is where the
// next page begins.
func (v *view) ItemTable(list []administration.Item, next ...string) any {
	return rowsOf(v, list, next)
}

// CodeTable makes a table of handshake codes.
func (v *view) CodeTable(list []administration.Code, next ...string) any {
	return rowsOf(v, list, next)
}

// maxInRow is how many names a row of a table shows.
const maxInRow = 10

// FirstOf gives the names that a row shows.
func (v *view) FirstOf(names []string) []string { return names[:min(len(names), maxInRow)] }

// MoreOf is how many names a row does not show.
func (v *view) MoreOf(names []string) int { return max(0, len(names)-maxInRow) }

// CodeEnd tells from when on a code authorizes nobody.
func (v *view) CodeEnd(archivedAt int64) any {
	return struct {
		V    *view
		At   moment
		Past bool
	}{v, v.At(archivedAt), v.Past(archivedAt)}
}

// DenialTable makes a table of refusals.
func (v *view) DenialTable(list []store.Denial, next ...string) any { return rowsOf(v, list, next) }

// AnomalyTable makes a table of anomalies.
func (v *view) AnomalyTable(list []records.Anomaly, next ...string) any { return rowsOf(v, list, next) }

// ItemForm has the initial values for the fields of an item's limits.
func (v *view) ItemForm(item any) any {
	i, ok := item.(administration.Item)
	if !ok {
		i = administration.Item{Products: "ALL", MaxBufferDays: administration.DefaultBufferDays}
	}
	return struct {
		V    *view
		Item administration.Item
	}{v, i}
}

// Selected makes options of pairs of value and text; the one in the address is selected.
func (v *view) Selected(name string, pairs ...string) []option {
	options := v.Options(pairs...)
	for i := range options {
		options[i].Text = v.T(options[i].Text)
		options[i].Selected = options[i].Value == v.Query(name)
	}
	return options
}

// Kept are query parameters that a filter keeps.
func (v *view) Kept(names ...string) (kept []named) {
	for _, name := range names {
		if value := v.Query(name); value != "" {
			kept = append(kept, named{Name: name, Units: value})
		}
	}
	return kept
}

// Place is the position of an item among those of a code.
func (v *view) Place(items []string, id string) string {
	return v.T("%d of %d", slices.Index(items, id)+1, len(items))
}

// Short writes a number shortly.
func (v *view) Short(n int64) string { return short(float64(n)) }

// QuotaValue is a quota for a field.
func (v *view) QuotaValue(limit int64) string {
	if limit < 0 {
		return ""
	}
	return strconv.FormatInt(limit, 10)
}

// Local is a moment for a field.
func (v *view) Local(unix int64) string {
	return time.Unix(unix, 0).In(v.r.zone).Format("2006-01-02T15:04")
}

// Positive is a number for a field that is empty for 0.
func (v *view) Positive(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// Lines are texts for a field, one a line.
func (v *view) Lines(list []string) string { return strings.Join(list, "\n") }
