// Package pages are the web pages of the License Tracking Server. The server renders them, and they
// work without JavaScript, which only makes the chart of the statistics page interactive. A page is
// a Go file and a template of the same name.
package pages

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/panics"
	"github.com/openlts/openlts/server/throttle"
)

// Pages serves the pages.
type Pages struct {
	// Administrator makes the changes; each request may do what its account may.
	Administrator *administration.Administrator
	// Attempts limits how often passwords are tried.
	Attempts *administration.Attempts
	// PublicKey is the key by which clients recognize the server.
	PublicKey ed25519.PublicKey
	Log       *slog.Logger
	// Alerts sends test messages to channels.
	Alerts alerts.Sender
	// Version is the version of the program.
	Version string
	// TrustedOrigins may send forms besides the pages themselves, for proxies that do not keep the
	// Host header.
	TrustedOrigins []string

	failures *throttle.Log
}

// page is the page at an address.
type page struct {
	path  string // a pattern of http.ServeMux, without method
	name  string // of its template
	title string // a text
	nav   string // the path of the entry of the menu it belongs to
	// role is the role that may see it; "": everybody, without signing in.
	role administration.Role
	// everywhere means that only accounts that may see all organizations see it.
	everywhere bool
	// get gives the data for the template.
	get func(*request) (any, error)
	// actions are what its forms do, by the value of the field "action". Each returns the page to
	// show next, relative to the root; see also again.
	actions map[string]action
	// final are the actions that can't be undone: the page asks before it does them.
	final map[string]question
	// table gives the page's table for programs (?format=csv and ?format=json); nil: it has none.
	table func(*request) (*table, error)
	// form is how many bytes its forms have at most; 0: maxForm.
	form int64
	// files are other files that belong to the page, by ?format=.
	files map[string]func(*request) error
}

type action struct {
	role administration.Role
	do   func(*request) (to string, err error)
}

// all are the pages.
func all() []page {
	return slices.Concat(
		signInPages, setUpPages, overviewPages, organizationPages, statementPages, itemPages, replayPages, productPages,
		codePages, licensePages, devicePages, statisticsPages, questionPages, denialPages, anomalyPages, alertPages,
		auditPages, settingsPages,
	)
}

// maxForm is more than any form has.
const maxForm = 64 << 10

// Handler serves the pages under the root of whatever path a proxy puts it at.
func (p *Pages) Handler() (http.Handler, error) {
	p.failures = throttle.NewLog(p.Log, time.Now)
	protection := http.NewCrossOriginProtection()
	for _, origin := range p.TrustedOrigins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin %q: %w; give for example https://lts.example.com", origin, err)
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(&request{Request: r, pages: p, w: w}, &administration.Error{
			Kind: administration.Forbidden, Text: "this form was sent by another site",
		})
	}))
	mux, assets := http.NewServeMux(), assets()
	for _, page := range all() {
		pattern := page.path
		if pattern == "/" {
			pattern = "/{$}"
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { p.serve(page, w, r) })
	}
	mux.HandleFunc("/assets/", func(w http.ResponseWriter, r *http.Request) {
		if !p.asked(w, r, reading) {
			return
		}
		assets.ServeHTTP(w, r)
	})
	nowhere := func(w http.ResponseWriter, r *http.Request) {
		p.fail(&request{Request: r, pages: p, w: w}, &administration.Error{
			Kind: administration.NotFound, Text: "there is no page at this address",
		})
	}
	mux.HandleFunc("/", nowhere)
	return p.guard(protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect to its cleaned address, which leads out of the path under which a
		// proxy serves the pages.
		if path.Clean(r.URL.Path) != r.URL.Path {
			nowhere(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))), nil
}

// first are the first parts of the paths of all pages.
var first = map[string]bool{"": true, "assets": true}

func init() {
	for _, page := range all() {
		name, _, _ := strings.Cut(strings.TrimPrefix(page.path, "/"), "/")
		first[name] = true
	}
}

// Serves tells whether a path belongs to the pages and not to clients.
func Serves(at string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	return first[name] && path.Clean(at) == at
}

// policy says what a browser may do with the pages: run and show only what comes from this server,
// and let nobody frame them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"

// guard sets the headers that protect, and turns a panic into an answer.
func (p *Pages) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			panics.Caught(p.Log, panics.Pages, v, "method", r.Method, "path", r.URL.Path)
			p.fail(&request{Request: r, pages: p, w: w}, errors.New("panic"))
		}()
		next.ServeHTTP(w, r)
	})
}

// request is a request for a page.
type request struct {
	*http.Request
	w     http.ResponseWriter
	pages *Pages
	page  page
	// admin does what the account may.
	admin    *administration.Administrator
	settings administration.Settings
	zone     *time.Location
	mistakes []*administration.Error // of the form that was sent
	status   int
	attached bool // a file was begun
	// shown is what an action shows only once, such as a token.
	shown string
	// brought is the license file of the form that was just sent.
	brought *brought
	// asking is what the form has to confirm first.
	asking *question
}

// again is what an action returns to show its page again instead of another one.
const again = "\x00"

// sentFile is what an action returns after it has answered with a file to save.
const sentFile = "\x01"

// secure tells whether a browser reaches the server by HTTPS.
func secure(r *http.Request) bool {
	return r.TLS != nil || fromLoopback(r) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// fromLoopback tells whether a request comes from this machine, perhaps from a proxy, whose headers
// the server believes.
func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// Address is the address from which a request comes; the server believes a proxy on this machine.
func Address(r *http.Request) string {
	if forwarded := r.Header.Values("X-Forwarded-For"); len(forwarded) > 0 && fromLoopback(r) {
		list := forwarded[len(forwarded)-1] // the last one was added by the proxy itself
		if ip := net.ParseIP(strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])); ip != nil {
			return ip.String()
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Methods by which pages are asked for: all are read, and those with forms are sent, too.
var (
	reading = []string{http.MethodGet, http.MethodHead}
	sending = []string{http.MethodGet, http.MethodHead, http.MethodPost}
)

// asked tells whether a request has one of these methods, and answers one that has not.
func (p *Pages) asked(w http.ResponseWriter, r *http.Request, methods []string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	p.fail(&request{Request: r, pages: p, w: w}, &administration.Error{
		Kind: administration.WrongMethod, Text: "there is nothing at this address for this method",
	})
	return false
}

func (p *Pages) serve(page page, w http.ResponseWriter, httpRequest *http.Request) {
	methods := reading
	if len(page.actions) > 0 {
		methods = sending
	}
	if !p.asked(w, httpRequest, methods) {
		return
	}
	httpRequest.Body = http.MaxBytesReader(w, httpRequest.Body, cmp.Or(page.form, maxForm))
	r := &request{Request: httpRequest, w: w, pages: p, page: page,
		admin: p.Administrator.As(administration.Principal{}), zone: time.UTC}
	if err := r.answer(); err != nil {
		p.fail(r, err)
	}
}

func (r *request) answer() error {
	if err := r.identify(); err != nil {
		if administration.IsKind(err, administration.Unauthenticated) && r.page.role != "" {
			r.redirect("sign-in?next=" + url.QueryEscape(r.here()))
			return nil
		}
		if !administration.IsKind(err, administration.Unauthenticated) {
			return err
		}
	}
	if r.page.role != "" {
		if who := r.who(); !who.May(r.page.role) || r.page.everywhere && who.Organization != "" {
			return &administration.Error{Kind: administration.Forbidden, Text: "this page is not for your account"}
		}
	}
	if r.Method == http.MethodPost {
		to, err := r.act()
		if err == nil && to == sentFile {
			return nil
		}
		if r.asking != nil {
			r.page.name, r.page.title = "confirm", r.asking.text
			return r.render(r.confirmation())
		}
		if err == nil && to != again {
			r.redirect(to)
			return nil
		}
		if err != nil {
			if r.mistakes = administration.Errors(err); len(r.mistakes) == 0 ||
				r.mistakes[0].Kind == administration.Forbidden {
				return err
			}
			r.status = statusOf(r.mistakes[0].Kind)
		}
	}
	if format := r.URL.Query().Get("format"); format != "" {
		return r.file(format)
	}
	data, err := r.page.get(r)
	if err != nil {
		return err
	}
	if to, ok := data.(redirection); ok {
		r.redirect(string(to))
		return nil
	}
	return r.render(data)
}

// file answers with the page in another format.
func (r *request) file(format string) error {
	if r.page.table != nil {
		return r.export(format)
	}
	if send := r.page.files[format]; send != nil {
		return r.sent(send(r))
	}
	return &administration.Error{Kind: administration.NotFound, Text: "this page is not there in this format"}
}

// attach begins a file to save.
func (r *request) attach(name, contentType string) {
	r.attached = true
	r.w.Header().Set("Content-Type", contentType)
	r.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// sent ends a file. If it failed after it was begun, this breaks off the connection, so that half a
// file does not look complete.
func (r *request) sent(err error) error {
	if err != nil && r.attached {
		r.pages.Log.Error("a file broke off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// redirection is what a page returns to redirect to another one.
type redirection string

// act does what a form says.
func (r *request) act() (string, error) {
	if err := r.parse(); err != nil {
		return "", &administration.Error{
			Kind: administration.Invalid, Text: "this form can't be read; it may be too large",
		}
	}
	name := r.PostForm.Get("action")
	a, ok := r.page.actions[name]
	if !ok {
		return "", &administration.Error{Kind: administration.Invalid, Text: "this page has no such form"}
	}
	if a.role != "" && !r.who().May(a.role) {
		return "", &administration.Error{Kind: administration.Forbidden, Text: "this is not for your account"}
	}
	if r.ask(name) {
		return again, nil
	}
	return a.do(r)
}

// parse reads a form, even one with files. It keeps files in memory, because the size of a form is
// limited.
func (r *request) parse() error {
	err := r.ParseMultipartForm(cmp.Or(r.page.form, maxForm))
	if errors.Is(err, http.ErrNotMultipart) {
		return r.ParseForm()
	}
	return err
}

// text is the content of a field of a form, or of the file that was chosen instead.
func (r *request) text(field, fileField string) (string, error) {
	file, _, err := r.FormFile(fileField)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return typed(r.PostForm.Get(field)), nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it is only read
	content, err := io.ReadAll(file)
	if len(content) == 0 { // no file was chosen
		return typed(r.PostForm.Get(field)), err
	}
	return string(content), err
}

// typed is a text as it was put into a field: browsers send other line ends.
func typed(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// tags identify the settings with which the form was filled in; a form without tags makes its
// change unconditionally.
func (r *request) tags() []string { return r.PostForm["tag"] }

func (r *request) who() administration.Principal { return r.admin.Principal() }

// identify finds out who is signed in, and reads the settings of the installation.
func (r *request) identify() error {
	cookie, err := r.Cookie(cookieName(r.Request))
	if err != nil {
		return &administration.Error{Kind: administration.Unauthenticated, Text: "you are not signed in"}
	}
	who, err := r.pages.Administrator.Session(r.Context(), cookie.Value)
	if err != nil {
		return err
	}
	r.admin = r.pages.Administrator.As(who)
	if r.settings, err = r.admin.Settings(r.Context()); err != nil {
		return err
	}
	r.zone = r.settings.Location()
	return nil
}

// cookieName is the name of the session cookie. With HTTPS, its prefix prevents that other hosts of
// the domain set it.
func cookieName(r *http.Request) string {
	if secure(r) {
		return "__Host-openlts"
	}
	return "openlts"
}

// setSession sets the session cookie of the browser; an empty session deletes it.
func (r *request) setSession(session string) {
	cookie := &http.Cookie{
		Name: cookieName(r.Request), Value: session, Path: "/", HttpOnly: true, Secure: secure(r.Request),
		SameSite: http.SameSiteLaxMode,
	}
	if session == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(r.w, cookie)
}

// root is the relative address of the root of the pages, whatever path they are under. It uses the
// path as browsers see it, for which %2F is not a slash.
func (r *request) root() string {
	path := r.URL.EscapedPath()
	if n := strings.Count(path, "/") - 1; n > 0 {
		return strings.Repeat("../", n)
	}
	return "./"
}

// here is the page with its query, relative to the root.
func (r *request) here() string {
	here := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		here += "?" + r.URL.RawQuery
	}
	return here
}

// redirect redirects to a page, given relative to the root.
func (r *request) redirect(to string) {
	r.w.Header().Set("Location", r.root()+to)
	r.w.WriteHeader(http.StatusSeeOther)
}

// local checks a page to show next that came from outside: it returns it if it is one of these
// pages, otherwise the overview.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(to, "\\\x00\r\n\t") ||
		strings.HasPrefix(u.Path, "/") ||
		strings.Contains("/"+u.Path+"/", "/../") || strings.Contains(u.Path, ":") || !Serves("/"+u.Path) {
		return ""
	}
	return u.RequestURI()[min(len(u.RequestURI()), leading(u)):]
}

// leading is the length of the slash that RequestURI puts before a path, if it does.
func leading(u *url.URL) int {
	if strings.HasPrefix(u.RequestURI(), "/") {
		return 1
	}
	return 0
}

func statusOf(kind administration.Kind) int {
	switch kind {
	case administration.NotFound:
		return http.StatusNotFound
	case administration.Exists, administration.InUse, administration.Conflict:
		return http.StatusConflict
	case administration.Forbidden:
		return http.StatusForbidden
	case administration.Unauthenticated:
		return http.StatusUnauthorized
	case administration.Limited:
		return http.StatusTooManyRequests
	case administration.Invalid:
		return http.StatusUnprocessableEntity
	case administration.WrongMethod:
		return http.StatusMethodNotAllowed
	}
	return http.StatusInternalServerError
}

// failure is what a page that can't be shown shows.
type failure struct {
	Text string
	Kind administration.Kind
}

// fail answers with what went wrong. It logs internal failures and does not show them.
func (p *Pages) fail(r *request, err error) {
	shown := failure{Text: "The server could not make this page. The log says why; nothing was changed"}
	status := http.StatusInternalServerError
	if mistakes := administration.Errors(err); len(mistakes) > 0 {
		shown = failure{mistakes[0].Text, mistakes[0].Kind}
		status = statusOf(mistakes[0].Kind)
	} else if errors.Is(err, context.Canceled) {
		return // the browser went away
	} else {
		p.failures.Error(r.Pattern, "a page failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if r.admin == nil {
		r.admin = p.Administrator.As(administration.Principal{})
	}
	r.page = page{name: "failure", title: "Not possible"}
	r.status, r.mistakes = status, nil
	if r.zone == nil {
		r.zone = time.UTC
	}
	if err := r.render(shown); err != nil {
		p.failures.Error("failure", "a page failed", "path", r.URL.Path, "error", err)
		http.Error(r.w, shown.Text, status)
	}
}
