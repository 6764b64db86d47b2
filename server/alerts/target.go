package alerts

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/policy"
)

// Target is the destination of a channel: e-mail or a webhook. One of them is set.
type Target struct {
	Email   *Email   `json:"email,omitempty"`
	Webhook *Webhook `json:"webhook,omitempty"`
}

// Security is how the connection to a mail server is protected.
type Security string

// Securities.
const (
	TLS      Security = "tls"      // from the first byte on; port 465
	StartTLS Security = "starttls" // asked for, and required; port 587
	Plain    Security = "none"     // for a relay on this machine or network; port 25
)

// Email is mail by SMTP.
type Email struct {
	Host     string   `json:"host"`
	Port     int      `json:"port"`
	Security Security `json:"security"`
	User     string   `json:"user,omitempty"`     // "": without authentication
	Password string   `json:"password,omitempty"` // secret
	From     string   `json:"from"`
	To       []string `json:"to"`
	CC       []string `json:"cc,omitempty"`
	BCC      []string `json:"bcc,omitempty"`
}

// Webhook is a request to an address, signed as https://www.standardwebhooks.com says.
type Webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"` // "whsec_" and base64
}

// secretPrefix begins the secrets of webhooks.
const secretPrefix = "whsec_"

// NewSecret makes a secret for a webhook.
func NewSecret() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

func (w *Webhook) key() ([]byte, error) {
	encoded, ok := strings.CutPrefix(w.Secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil,
			fmt.Errorf("%w: the secret of a webhook is %s and 24 to 64 bytes in base64", ErrTarget, secretPrefix)
	}
	return key, nil
}

// Kind is "email" or "webhook".
func (t Target) Kind() string {
	if t.Email != nil {
		return "email"
	}
	return "webhook"
}

// Receivers are those who get the messages, each once: the addresses of a mail, without names, or ""
// for a webhook.
func (t Target) Receivers() (receivers []string) {
	if t.Email == nil {
		return []string{""}
	}
	for _, each := range slices.Concat(t.Email.To, t.Email.CC, t.Email.BCC) {
		parsed, err := mail.ParseAddress(each)
		if err != nil { // Check found all of them to be addresses
			continue
		}
		if !slices.Contains(receivers, parsed.Address) {
			receivers = append(receivers, parsed.Address)
		}
	}
	return receivers
}

// Shown describes a target without secrets: what follows the host in the URL of a webhook may be
// one.
func (t Target) Shown() string {
	switch {
	case t.Email != nil:
		return strings.Join(slices.Concat(t.Email.To, t.Email.CC, t.Email.BCC), ", ")
	case t.Webhook != nil:
		if u, err := url.Parse(t.Webhook.URL); err == nil {
			return u.Scheme + "://" + u.Host + "/…"
		}
	}
	return ""
}

func (t Target) text() (string, error) {
	text, err := json.Marshal(t)
	return string(text), err
}

func (Target) parse(text string, to *Target) error {
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return fmt.Errorf("the target of an alert channel can't be read: %w", err)
	}
	return nil
}

// ErrTarget is the error of an invalid target.
var ErrTarget = errors.New("alerts can't be sent there")

// Limits of a target.
const (
	maxText      = 255 // bytes
	maxURL       = 2000
	maxReceivers = 50
)

// Check says whether a target is valid, and fills in the port of a mail server.
func (t Target) Check() error {
	if (t.Email != nil) == (t.Webhook != nil) {
		return fmt.Errorf("%w: a channel leads either to e-mail or to a webhook", ErrTarget)
	}
	if t.Email != nil {
		return t.Email.check()
	}
	if _, err := t.Webhook.key(); err != nil {
		return err
	}
	u, err := url.Parse(t.Webhook.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		u.Fragment != "" || len(t.Webhook.URL) > maxURL {
		return fmt.Errorf("%w: the URL is not one such as https://hooks.example.com/lts", ErrTarget)
	}
	return nil
}

// ports are the usual ones.
var ports = map[Security]int{TLS: 465, StartTLS: 587, Plain: 25}

func (e *Email) check() error {
	usual, known := ports[e.Security]
	if !known {
		return fmt.Errorf("%w: the security %.20q is not tls, starttls or none", ErrTarget, string(e.Security))
	}
	if e.Port == 0 {
		e.Port = usual
	}
	if e.Port < 1 || e.Port > 65535 {
		return fmt.Errorf("%w: %d is not a port", ErrTarget, e.Port)
	}
	for _, text := range []string{e.Host, e.User, e.Password, e.From} {
		if len(text) > maxText || !policy.Plain(text) {
			return fmt.Errorf("%w: the mail server's fields have up to %d bytes, without control characters",
				ErrTarget, maxText)
		}
	}
	if e.Host == "" || strings.ContainsAny(e.Host, " /@") {
		return fmt.Errorf("%w: %.60q is not the host of a mail server", ErrTarget, e.Host)
	}
	if e.Password != "" && e.User == "" {
		return fmt.Errorf("%w: there is a password, but no user", ErrTarget)
	}
	if e.User != "" && e.Security == Plain {
		return fmt.Errorf("%w: without TLS anybody on the way could read the password; sign in with tls or starttls",
			ErrTarget)
	}
	all := slices.Concat([]string{e.From}, e.To, e.CC, e.BCC)
	if len(e.To) == 0 || len(all) > maxReceivers {
		return fmt.Errorf("%w: mail has 1 to %d receivers", ErrTarget, maxReceivers)
	}
	for _, address := range all {
		if _, err := mail.ParseAddress(address); err != nil || len(address) > maxText {
			return fmt.Errorf("%w: %.60q is not an e-mail address", ErrTarget, address)
		}
	}
	return nil
}
