package alerts_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/openlts/openlts/server/alerts"
)

func at(unix int64) time.Time { return time.Unix(unix, 0) }

// sink is a mail server that keeps what it gets.
type sink struct {
	mutex sync.Mutex
	mails []string
	to    []string
	users []string
}

type delivery struct{ s *sink }

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{s}, nil }

func (d *delivery) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *delivery) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			return errors.New("wrong password")
		}
		d.s.mutex.Lock()
		defer d.s.mutex.Unlock()
		d.s.users = append(d.s.users, user)
		return nil
	}), nil
}
func (d *delivery) Reset()                               {}
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.s.mutex.Lock()
	defer d.s.mutex.Unlock()
	d.s.to = append(d.s.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	d.s.mutex.Lock()
	defer d.s.mutex.Unlock()
	d.s.mails = append(d.s.mails, string(text))
	return err
}

// certificate is one of httptest's, for example.com and 127.0.0.1, and who trusts it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12}, pool
}

func listen(t testing.TB, config *tls.Config, security alerts.Security) (*sink, int) {
	t.Helper()
	s := &sink{}
	server := smtp.NewServer(s)
	server.Domain, server.AllowInsecureAuth = "127.0.0.1", security == alerts.Plain
	if security == alerts.StartTLS {
		server.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if security == alerts.TLS {
		listener = tls.NewListener(listener, config)
	}
	go func() { _ = server.Serve(listener) }() // it ends with an error
	t.Cleanup(func() { _ = server.Close() })
	return s, port
}

var events = []alerts.Event{
	{ID: 1, At: 1_800_000_000, Kind: alerts.Quota, Subject: "scans", Level: 90, Value: 91,
		Text: "item \"Größe\r\nBcc: x@evil.example\" is at 91 %"},
	{ID: 2, At: 1_800_000_001, Kind: alerts.Quota, Subject: "other", Level: 75, Recovered: true, Text: "fine again"},
}

// sendAll sends a message to all receivers of a target.
func sendAll(ctx context.Context, n *alerts.Network, target alerts.Target, message alerts.Message) error {
	var failed []error
	for _, to := range target.Receivers() {
		failed = append(failed, n.Send(ctx, target, to, message))
	}
	return errors.Join(failed...)
}

func TestMail(t *testing.T) {
	config, trust := certificate(t)
	for _, security := range []alerts.Security{alerts.TLS, alerts.StartTLS, alerts.Plain} {
		s, port := listen(t, config, security)
		target := alerts.Target{Email: &alerts.Email{
			Host: "127.0.0.1", Port: port, Security: security, User: "lts", Password: "right", From: "lts@example.com",
			To: []string{"a@example.com"}, CC: []string{"b@example.com"}, BCC: []string{"c@example.com"},
		}}
		if security == alerts.Plain {
			if err := target.Check(); !errors.Is(err, alerts.ErrTarget) {
				t.Errorf("a password without TLS: %v", err)
			}
			target.Email.User, target.Email.Password = "", ""
		}
		if err := target.Check(); err != nil {
			t.Fatal(err)
		}
		n := &alerts.Network{Trust: trust}
		message := alerts.Message{ID: "msg_1", At: at(1_800_000_002), Events: events, From: "https://lts.example.com/"}
		if err := sendAll(t.Context(), n, target, message); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		message.Events = events[:1] // its text is in the subject
		if err := sendAll(t.Context(), n, target, message); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		if len(s.mails) != 6 || len(s.to) != 6 || s.to[2] != "c@example.com" || s.mails[0] != s.mails[2] ||
			(len(s.users) == 0) != (security == alerts.Plain) {
			t.Fatalf("%s: %d mails to %v by %v", security, len(s.mails), s.to, s.users)
		}
		for _, want := range []string{"Subject: OpenLTS: 1 alert, 1 recovered", "To: <a@example.com>",
			"Auto-Submitted: auto-generated", "recovered: fine again", "https://lts.example.com/alerts"} {
			if !strings.Contains(s.mails[0], want) {
				t.Errorf("%s: %q is not in\n%s", security, want, s.mails[0])
			}
		}
		head, _, _ := strings.Cut(s.mails[3], "\r\n\r\n")
		if strings.Contains(s.mails[0], "c@example.com") || strings.Contains(head, "\nBcc:") {
			t.Errorf("%s tells of hidden receivers, or lets a name add headers:\n%s", security, s.mails[3])
		}
		if security == alerts.Plain {
			continue
		}
		target.Email.Password = "wrong"
		if err := sendAll(t.Context(), n, target, message); err == nil || strings.Contains(err.Error(), "wrong\"") {
			t.Errorf("%s with a wrong password: %v", security, err)
		}
		target.Email.Password = "right"
		if err := sendAll(t.Context(), &alerts.Network{Trust: x509.NewCertPool()}, target, message); err == nil {
			t.Errorf("%s to a server nobody trusts", security)
		}
	}
	_, port := listen(t, config, alerts.Plain)
	target := alerts.Target{Email: &alerts.Email{Host: "127.0.0.1", Port: port, Security: alerts.StartTLS,
		From: "a@example.com", To: []string{"a@example.com"}}}
	if err := sendAll(t.Context(), &alerts.Network{}, target, alerts.Message{ID: "m", Test: true}); err == nil {
		t.Error("a mail went without TLS, which was asked for")
	}
}

func TestWebhook(t *testing.T) {
	secret := alerts.NewSecret()
	judge, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = judge.VerifyIgnoringTimestamp(body, r.Header) // which is not that of the machine
		}
		if err != nil {
			t.Error(err)
		}
		got = append(got, r.Header.Get("webhook-id")+" "+string(body))
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/elsewhere":
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
		}
	}))
	defer receiver.Close()
	trust := x509.NewCertPool()
	trust.AddCert(receiver.Certificate())
	target := func(path string) alerts.Target {
		return alerts.Target{Webhook: &alerts.Webhook{URL: receiver.URL + path, Secret: secret}}
	}
	n := &alerts.Network{Trust: trust, Private: true}
	message := alerts.Message{ID: "msg_1", At: at(1_800_000_000), Events: events}
	if err := errors.Join(target("/").Check(), sendAll(t.Context(), n, target("/"), message)); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.HasPrefix(got[0], "msg_1 {") || !strings.Contains(got[0], `"kind":"quota"`) ||
		!strings.Contains(got[0], `"type":"lts.alerts"`) {
		t.Errorf("%q", got)
	}
	for path, want := range map[string]string{"/gone": "410", "/elsewhere": "307"} {
		if err := sendAll(t.Context(), n, target(path+"?key=hidden"), message); err == nil ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", path, err)
		}
	}
	before := len(got)
	if err := sendAll(t.Context(), &alerts.Network{Trust: trust}, target("/?key=hidden"), message); !errors.Is(err,
		alerts.ErrPrivate) || strings.Contains(err.Error(), "hidden") {
		t.Errorf("a private address: %v", err)
	}
	if len(got) != before {
		t.Error("a private address was reached")
	}
}

func TestTargets(t *testing.T) {
	mail := func(change func(*alerts.Email)) alerts.Target {
		e := &alerts.Email{
			Host: "smtp.example.com", Security: alerts.StartTLS, From: "a@example.com", To: []string{"b@example.com"},
		}
		change(e)
		return alerts.Target{Email: e}
	}
	right := mail(func(*alerts.Email) {})
	if err := right.Check(); err != nil || right.Email.Port != 587 || right.Shown() != "b@example.com" {
		t.Errorf("%v, %+v", err, right.Email)
	}
	hook := func(url, secret string) alerts.Target {
		return alerts.Target{Webhook: &alerts.Webhook{URL: url, Secret: secret}}
	}
	if shown := hook("https://hooks.example.com/secret?x=secret", "").Shown(); strings.Contains(shown, "secret") {
		t.Error(shown)
	}
	for name, target := range map[string]alerts.Target{
		"none": {}, "both": {Email: right.Email, Webhook: &alerts.Webhook{}}, "host": mail(func(e *alerts.Email) {
			e.Host = "a b"
		}),
		"security": mail(func(e *alerts.Email) { e.Security = "ssl3" }), "port": mail(func(e *alerts.Email) {
			e.Port = 70_000
		}),
		"sender": mail(func(e *alerts.Email) { e.From = "nobody" }), "nobody": mail(func(e *alerts.Email) {
			e.To = nil
		}),
		"header":   mail(func(e *alerts.Email) { e.To = []string{"a@example.com\r\nBcc: b@example.com"} }),
		"user":     mail(func(e *alerts.Email) { e.Password = "x" }),
		"scheme":   hook("file:///etc/passwd", alerts.NewSecret()),
		"userinfo": hook("https://a:b@example.com", alerts.NewSecret()),
		"secret":   hook("https://example.com", "whsec_AAAA"),
	} {
		if err := target.Check(); !errors.Is(err, alerts.ErrTarget) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
