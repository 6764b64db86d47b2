package pages

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
)

var codePages = []page{
	{
		path: "/codes", name: "codes", title: "Handshake codes", nav: "/codes", role: administration.Viewer,
		get: func(r *request) (any, error) { return r.admin.Codes(r.Context(), r.selection()) },
		table: func(r *request) (*table, error) {
			return listed(r, "codes", r.admin.Codes, []string{
				"code", "organization", "default", "sessionPassword", "validationFields", "items", "createdAt",
				"archivedAt",
			}, func(c administration.Code) []any {
				return []any{c.Code, c.Organization, strconv.FormatBool(c.Default),
					strconv.FormatBool(c.HasSessionPassword), strings.Join(c.ValidationFields, " "),
					strings.Join(c.Items, " "), r.written(c.CreatedAt), r.written(c.ArchivedAt)}
			})
		},
	},
	{
		path: "/codes/new", name: "code-new", title: "New handshake code", nav: "/codes", role: administration.Editor,
		get: func(r *request) (any, error) { return r.newItemForm() },
		actions: map[string]action{"add": {administration.Editor, func(r *request) (string, error) {
			form := r.PostForm
			added, err := r.admin.NewCode(r.Context(), administration.CodeInput{
				Organization: form.Get("organization"), Custom: strings.TrimSpace(form.Get("custom")),
				SessionPassword: form.Get("sessionPassword"), ValidationFields: lines(form.Get("validationFields")),
				Default: form.Get("default") != "",
			})
			return "codes/" + segment(added.Code) + "?done=added", err
		}}},
	},
	{
		path: "/codes/{code}", name: "code", title: "Handshake code", nav: "/codes", role: administration.Viewer,
		get:   showCode,
		final: map[string]question{"remove": {text: "Remove this code?", of: "code"}},
		actions: map[string]action{
			"change": {administration.Editor, func(r *request) (string, error) {
				code, fields := r.PathValue("code"), lines(r.PostForm.Get("validationFields"))
				_, err := r.admin.ChangeCode(r.Context(), code, administration.CodeChange{
					ValidationFields: &fields, Default: r.PostForm.Get("default") != "",
				}, r.tags())
				return "codes/" + segment(code) + "?done=changed", err
			}},
			"attach": {administration.Editor, func(r *request) (string, error) {
				code, item := r.PathValue("code"), strings.TrimSpace(r.PostForm.Get("item"))
				return "codes/" + segment(code) + "?done=attached", r.admin.AttachItem(r.Context(), item, code, 0)
			}},
			"archive": {administration.Editor, func(r *request) (string, error) {
				code := r.PathValue("code")
				return "codes/" + segment(code) +
					"?done=archived", r.admin.ArchiveHandshakeCode(r.Context(), code, true)
			}},
			"unarchive": {administration.Editor, func(r *request) (string, error) {
				code := r.PathValue("code")
				return "codes/" + segment(code) +
					"?done=unarchived", r.admin.ArchiveHandshakeCode(r.Context(), code, false)
			}},
			"session-password": {administration.Editor, func(r *request) (string, error) {
				code := r.PathValue("code")
				days, err := overlapDays(r)
				if err != nil {
					return "", err
				}
				return "codes/" + segment(code) + "?done=session-password",
					r.admin.SetSessionPassword(r.Context(), code, r.PostForm.Get("sessionPassword"),
						time.Duration(days)*24*time.Hour)
			}},
			"replace": {administration.Editor, func(r *request) (string, error) {
				days, err := overlapDays(r)
				if err != nil {
					return "", err
				}
				added, err := r.admin.ReplaceCode(r.Context(), r.PathValue("code"), administration.CodeReplacement{
					Custom: strings.TrimSpace(r.PostForm.Get("custom")), OverlapDays: days,
					SessionPassword: r.PostForm.Get("sessionPassword"),
				})
				return "codes/" + segment(added.Code) + "?done=replaced", err
			}},
			"remove": {administration.Editor, func(r *request) (string, error) {
				return "codes?done=removed", r.admin.RemoveCode(r.Context(), r.PathValue("code"))
			}},
		},
	},
	{
		path: "/codes/{code}/key", name: "key", title: "License key", nav: "/codes", role: administration.Editor,
		get: showKey,
		actions: map[string]action{"make": {administration.Editor, func(r *request) (string, error) {
			// Showing a key goes into the audit, so only a form does it, never just opening a page.
			key, err := r.licenseKey(r.PathValue("code"), r.PostForm.Get("sessionPassword"), r.PostForm.Get("server"),
				r.PostForm.Get("standby"))
			r.shown = key
			return again, err
		}}},
	},
}

// overlapDays is for how many days what is replaced works on.
func overlapDays(r *request) (int64, error) {
	days, err := strconv.ParseInt(cmp0(r.PostForm.Get("overlapDays")), 10, 32)
	if err != nil || days < 0 || days > administration.MaxOverlapDays {
		return 0, mistake("overlapDays", "this is not a number of days from 0 to 3650")
	}
	return days, nil
}

// lines are the lines of a text, without empty ones.
func lines(text string) []string {
	list := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

type codeShown struct {
	administration.Code
	Organization administration.Organization
	Attached     []administration.Item
	Next         string // where the next page of them begins
	Others       choice // items it could have
	Trend        *trend
}

// attachedRows is how many items of a code, or codes of an item, are shown at a time.
const attachedRows = 100

// maxOptions is how many options a list offers. Where there are more, their name is typed.
const maxOptions = 200

// choice are options of a list; Typed means that they are too many for one.
type choice struct {
	Options []option
	Typed   bool
}

// Offers tells whether there is anything to choose.
func (c choice) Offers() bool { return c.Typed || len(c.Options) > 0 }

func (c codeShown) title() string { return c.Code.Code }

// Tag identifies what is shown, for who changes it.
func (c codeShown) Tag() string { return administration.Tag(c.Stated()) }

// Fields are the validation fields, one a line.
func (c codeShown) Fields() string { return strings.Join(c.ValidationFields, "\n") }

func showCode(r *request) (any, error) {
	ctx, name := r.Context(), r.PathValue("code")
	code, err := r.admin.Code(ctx, name)
	if err != nil {
		return nil, err
	}
	shown := codeShown{Code: code}
	if shown.Organization, err = r.admin.Organization(ctx, code.Organization); err != nil {
		return nil, err
	}
	if shown.Attached, shown.Next, err = r.inOrder(code.Items); err != nil {
		return nil, err
	}
	of := administration.Selection{Organizations: []string{code.Organization}, Sort: "name", Limit: maxOptions}
	all, err := r.admin.Items(ctx, of)
	if err != nil {
		return nil, err
	}
	if shown.Others.Typed = all.Next != ""; !shown.Others.Typed {
		for _, item := range all.Items {
			if !slices.Contains(code.Items, item.ID) {
				shown.Others.Options = append(shown.Others.Options,
					option{Value: item.ID, Text: item.Name + " (" + item.ID + ")"})
			}
		}
	}
	shown.Trend, err = r.lastDays(filter{Code: name}, 30)
	return shown, err
}

// inOrder reads the items of a code that the page shows, in the order of use. Where it begins is
// their number before it.
func (r *request) inOrder(ids []string) (list []administration.Item, next string, err error) {
	begin, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil || begin < 0 || begin >= len(ids) {
		begin = 0
	}
	end := min(begin+attachedRows, len(ids))
	if end < len(ids) {
		next = strconv.Itoa(end)
	}
	if begin == end {
		return nil, "", nil
	}
	found, err := r.admin.Items(r.Context(), administration.Selection{Items: ids[begin:end], Limit: attachedRows})
	byID := map[string]administration.Item{}
	for _, item := range found.Items {
		byID[item.ID] = item
	}
	for _, id := range ids[begin:end] {
		if item, ok := byID[id]; ok {
			list = append(list, item)
		}
	}
	return list, next, err
}

// keyShown is the page of a license key.
type keyShown struct {
	administration.Code
	Key             string
	Server, Standby string
	Local           bool // the address is one of this machine only
	Snippets        []snippet
	Items           []string
}

// snippet is code in one language, and what it needs from a release of OpenLTS.
type snippet struct{ ID, Language, Needs, Text string }

func (r *request) licenseKey(code, password, server, standby string) (string, error) {
	return r.admin.LicenseKey(r.Context(), code, password, administration.KeyServers{
		Main: server, Standby: standby, PublicKey: r.pages.PublicKey,
	})
}

func showKey(r *request) (any, error) {
	code, err := r.admin.Code(r.Context(), r.PathValue("code"))
	if err != nil {
		return nil, err
	}
	shown := keyShown{
		Code: code, Items: code.Items, Key: r.shown, Server: r.settings.PublicURL, Standby: r.settings.StandbyURL,
	}
	if shown.Server == "" {
		shown.Server = r.base()
	}
	if r.Method == http.MethodPost {
		shown.Server, shown.Standby = r.PostForm.Get("server"), r.PostForm.Get("standby")
	}
	shown.Local = strings.Contains(shown.Server, "//127.") || strings.Contains(shown.Server, "//localhost") ||
		strings.Contains(shown.Server, "//[::1]")
	if shown.Key != "" {
		shown.Snippets = snippets(shown.Key)
	}
	return shown, nil
}

// base is the base URL by which the browser reaches this server.
func (r *request) base() string {
	scheme := "http"
	if secure(r.Request) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + strings.TrimSuffix(r.Header.Get("X-Forwarded-Prefix"), "/")
}

// snippets are the lines of code that an SDK needs, by language. No language has to escape any
// character of a license key.
func snippets(key string) []snippet {
	return []snippet{
		{"cpp", "C++", "openlts-…-linux-x86_64.tar.gz; c++ -std=c++17 … -lopenlts", `#include <openlts/openlts.hpp>

auto license = openlts::License::from_key("` + key + `");
license.record(LTS_OT_QR_CODE); // for each barcode`},
		{"c", "C", "openlts-…-linux-x86_64.tar.gz; cc … -lopenlts", `#include <openlts/openlts.h>

LTS_License license;
char message[256];
if (LTS_InitLicense("` + key + `", NULL, &license, message, sizeof message) != LTS_OK)
  fprintf(stderr, "%s\n", message);
LTS_RecordOperation(license, LTS_OT_QR_CODE, 1); /* for each barcode */
LTS_CloseLicense(license, 3000);`},
		{"python", "Python", "pip install openlts-….whl", `import openlts

with openlts.License.from_key("` + key + `") as license:
    license.record(openlts.OperationType.QR_CODE)  # for each barcode`},
		{"java", "Java", "openlts-….jar, openlts-…-linux-x86_64.jar", `import org.openlts.*;

try (License license = License.fromKey("` + key + `")) {
    license.record(OperationType.QR_CODE, 1); // for each barcode
}`},
		{"csharp", "C#", "OpenLTS.….nupkg", `using OpenLTS;

using (License license = License.FromKey("` + key + `"))
{
    license.Record(OperationType.QRCode); // for each barcode
}`},
		{"javascript", "JavaScript", "npm install …/out/javascript", `import { createLicense } from 'openlts';

const license = await createLicense({ licenseKey: '` + key + `' });
license.record('QR_CODE'); // for each barcode`},
	}
}
