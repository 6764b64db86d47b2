package alerts

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// maxLines is how many events a message lists.
const maxLines = 50

// Message contains all events that are due at a time.
type Message struct {
	ID     string // the same for each attempt
	At     time.Time
	Events []Event
	Test   bool // nothing happened: somebody tests whether messages arrive
	// From is the address of the server that sends it, or "" if that is not known.
	From string
}

// Subject is the message in a line.
func (m Message) Subject() string {
	if m.Test {
		return "OpenLTS: a test"
	}
	var began, over int
	for _, e := range m.Events {
		if e.Recovered {
			over++
		} else {
			began++
		}
	}
	if len(m.Events) == 1 {
		return "OpenLTS: " + m.Events[0].Line()
	}
	return fmt.Sprintf("OpenLTS: %s, %s recovered", counted(int64(began), "alert"), grouped(int64(over)))
}

// Line is an event in a line.
func (e Event) Line() string {
	if e.Recovered {
		return "recovered: " + e.Text
	}
	if e.Kind == Quota && e.Level == EndOfTolerance {
		return e.Text + "; the tolerance is used up, and clients are refused"
	}
	return e.Text
}

// Text is the whole message, in plain text.
func (m Message) Text() string {
	var b strings.Builder
	if m.Test {
		b.WriteString("This is a test. Alerts of the License Tracking Server arrive here.\n")
	}
	for i, e := range m.Events {
		if i == maxLines {
			fmt.Fprintf(&b, "\nand %s more; they are in the history of alerts.\n",
				grouped(int64(len(m.Events)-maxLines)))
			break
		}
		fmt.Fprintf(&b, "* %s\n  %s\n", e.Line(), time.Unix(e.At, 0).UTC().Format("2006-01-02 15:04 UTC"))
	}
	if m.From != "" {
		fmt.Fprintf(&b, "\n%s/alerts\n", strings.TrimSuffix(m.From, "/"))
	}
	return b.String()
}

// Sender sends messages.
type Sender interface {
	// Send sends a message to one of the receivers of a target. Without an error, it has arrived.
	Send(ctx context.Context, target Target, receiver string, message Message) error
}

// sendTime is how long one attempt may take.
const sendTime = 30 * time.Second

// Network sends over the network.
type Network struct {
	// Private allows webhooks to private addresses, which belong to machines behind a firewall. The
	// operator of the machine decides that, not the users of the pages.
	Private bool
	Trust   Trust
	// Resolver finds the addresses of names; nil: as the system does.
	Resolver *net.Resolver
}

// Send sends a message once.
func (n *Network) Send(ctx context.Context, target Target, receiver string, message Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if target.Email != nil {
		return n.mail(ctx, target.Email, receiver, message)
	}
	return n.post(ctx, target.Webhook, message)
}
