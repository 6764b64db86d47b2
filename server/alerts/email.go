package alerts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	address "net/mail"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Trust are the certificates by which servers are verified; nil: the system's.
type Trust = *x509.CertPool

// mail sends a message to a receiver by SMTP. Its head is the same for all receivers.
func (n *Network) mail(ctx context.Context, e *Email, receiver string, message Message) error {
	m := mail.NewMsg()
	m.Subject(message.Subject())
	m.SetBodyString(mail.TypeTextPlain, message.Text())
	m.SetMessageIDWithValue(message.ID + "@openlts")
	m.SetDateWithValue(message.At)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that no out-of-office replies come
	for _, set := range []error{m.From(e.From), m.To(e.To...), m.Cc(e.CC...)} {
		if set != nil {
			return fmt.Errorf("an address of the mail is not usable: %w", set)
		}
	}
	ctx, hangUp := context.WithCancel(ctx) // ends the connection, however far it came
	defer hangUp()
	config := &tls.Config{ServerName: e.Host, RootCAs: n.Trust, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(e.Port), mail.WithTimeout(sendTime), mail.WithTLSConfig(config),
		mail.WithDialContextFunc(func(_ context.Context, network, to string) (net.Conn, error) {
			return n.dialMail(ctx, e.Security, config, network, to)
		}),
	}
	switch e.Security {
	case TLS:
		// The connection has TLS already, which go-mail looks for under this policy alone.
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
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
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err == nil {
		err = hand(session, m, receiver)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it was not sent within %s", sendTime)
	}
	if err != nil {
		return fmt.Errorf("sending mail by %s, port %d: %w", e.Host, e.Port, err)
	}
	// The server has it. How it takes the farewell must not have it sent again.
	_ = client.CloseWithSMTPClient(session)
	return nil
}

// hand gives a mail server a mail for one receiver: if several shared one, what a server says to it
// would be about all of them.
func hand(session *smtp.Client, m *mail.Msg, receiver string) error {
	from, err := m.GetSender(false)
	if err != nil {
		return err
	}
	if err := session.Mail(from); err != nil {
		return fmt.Errorf("the sender %s: %w", from, err)
	}
	if err := session.Rcpt((&address.Address{Address: receiver}).String()); err != nil {
		return fmt.Errorf("the receiver %s: %w", receiver, err)
	}
	to, err := session.Data()
	if err != nil {
		return fmt.Errorf("the mail: %w", err)
	}
	if _, err := m.WriteTo(to); err != nil {
		return fmt.Errorf("the mail: %w", err)
	}
	if err := to.Close(); err != nil {
		return fmt.Errorf("the mail: %w", err)
	}
	return nil
}

// maxAnswers is how many bytes a mail server may answer in all, more than any does.
const maxAnswers = 1 << 20

// dialMail connects to a mail server. The connection ends with the context, and after so
// many bytes: net/textproto would keep a line of any length.
func (n *Network) dialMail(ctx context.Context, security Security, config *tls.Config,
	network, to string) (net.Conn, error) {
	raw, err := (&net.Dialer{Resolver: n.Resolver}).DialContext(ctx, network, to)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = raw.Close() })
	bounded := &boundedConn{Conn: raw, left: maxAnswers}
	if security != TLS {
		return bounded, nil
	}
	secured := tls.Client(bounded, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return secured, nil
}

// boundedConn is a connection from which only so many bytes are read.
type boundedConn struct {
	net.Conn
	left int64
}

var errAnswers = errors.New("the mail server answers without end")

func (c *boundedConn) Read(to []byte) (int, error) {
	if c.left <= 0 {
		return 0, errAnswers
	}
	n, err := c.Conn.Read(to[:min(int64(len(to)), c.left)])
	c.left -= int64(n)
	return n, err
}
