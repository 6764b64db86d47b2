package alerts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/wneessen/go-mail"
)

// Trust are the certificates by which servers are verified; nil: the system's.
type Trust = *x509.CertPool

// mail sends a message by SMTP.
func (n *Network) mail(ctx context.Context, e *Email, message Message) error {
	m := mail.NewMsg()
	m.Subject(message.Subject())
	m.SetBodyString(mail.TypeTextPlain, message.Text())
	m.SetMessageIDWithValue(message.ID + "@openlts")
	m.SetDateWithValue(message.At)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that no out-of-office replies come
	for _, set := range []error{m.From(e.From), m.To(e.To...), m.Cc(e.CC...), m.Bcc(e.BCC...)} {
		if set != nil {
			return fmt.Errorf("an address of the mail is not usable: %w", set)
		}
	}
	options := []mail.Option{
		mail.WithPort(e.Port), mail.WithTimeout(sendTime),
		mail.WithTLSConfig(&tls.Config{ServerName: e.Host, RootCAs: n.Trust, MinVersion: tls.VersionTLS12}),
	}
	switch e.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if e.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(e.User),
			mail.WithPassword(e.Password))
	}
	client, err := mail.NewClient(e.Host, options...)
	if err != nil {
		return fmt.Errorf("the mail server %s: %w", e.Host, err)
	}
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("sending mail by %s, port %d: %w", e.Host, e.Port, err)
	}
	return nil
}
