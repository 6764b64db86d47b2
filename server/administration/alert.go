package administration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// maxChannels is how many alert channels there may be.
const maxChannels = 20

// Channel is an alert channel, as it is shown: without secrets.
type Channel struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Kind      string `json:"kind"` // "email" or "webhook"
	Target    string `json:"target"`
	CreatedAt int64  `json:"createdAt"`
	// Receivers are those who get its messages, each with how far that came.
	Receivers []Receiver `json:"receivers"`
	// Email are the addresses of an e-mail channel; nil: it is another one.
	Email *ChannelEmail `json:"-"`
}

// ChannelEmail are the addresses of an e-mail channel.
type ChannelEmail struct {
	From        string
	To, CC, BCC []string
}

// ChannelChange is a change of an alert channel. What is nil stays.
type ChannelChange struct {
	Name *string
	// Of an e-mail channel. The mail server and its user stay: with another one, the password would
	// go to a place that it is not for.
	From, Password *string
	To, CC, BCC    *[]string
	// URL is that of a webhook, whose secret stays.
	URL *string
}

// Receiver is a receiver of an alert channel.
type Receiver struct {
	Address   string `json:"address,omitempty"` // absent: the webhook
	Delivered int64  `json:"delivered"`         // all events up to this one are delivered, or given up
	NextAt    int64  `json:"nextAt,omitempty"`  // when a failed message is tried again
	Failure   string `json:"failure,omitempty"` // why it could not be sent
}

// Failed are the receivers whose last message could not be sent.
func (c Channel) Failed() (failed []Receiver) {
	for _, r := range c.Receivers {
		if r.Failure != "" {
			failed = append(failed, r)
		}
	}
	return failed
}

func viewChannel(c alerts.Channel) Channel {
	shown := Channel{c.ID, c.Name, c.Target.Kind(), c.Target.Shown(), c.CreatedAt, []Receiver{}, nil}
	if e := c.Target.Email; e != nil {
		shown.Email = &ChannelEmail{e.From, e.To, e.CC, e.BCC}
	}
	for _, d := range c.Deliveries {
		shown.Receivers = append(shown.Receivers, Receiver{d.Receiver, d.Delivered, d.NextAt, d.Failure})
	}
	return shown
}

// AlertRules gives the rules in force.
func (a *Administrator) AlertRules(ctx context.Context) ([]alerts.Rule, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	return alerts.Rules(ctx, a.Store)
}

// SetAlertRule changes the levels at which there are alerts of a kind; for administrators.
// alerts.ParseRule defines how levels are written.
func (a *Administrator) SetAlertRule(ctx context.Context, kind, levels string) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	rule, err := alerts.ParseRule(kind, levels)
	if err != nil {
		return invalid("levels", "%s", err)
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := alerts.SetRule(ctx, tx, rule); err != nil {
			return err
		}
		return a.audit(tx, "alert.rule", kind, "levels %s", rule.Text())
	})
}

// AlertChannels lists the channels.
func (a *Administrator) AlertChannels(ctx context.Context) ([]Channel, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	stored, err := alerts.Channels(ctx, a.Store)
	list := make([]Channel, len(stored))
	for i, channel := range stored {
		list[i] = viewChannel(channel)
	}
	return list, err
}

// AddAlertChannel adds a channel, which gets the events from now on; for owners. A webhook without
// a secret gets one, which is returned only this time.
func (a *Administrator) AddAlertChannel(ctx context.Context, name string,
	target alerts.Target) (Channel, string, error) {
	if err := errors.Join(a.may(Owner), checkName("channel", name)); err != nil {
		return Channel{}, "", err
	}
	secret := ""
	if target.Webhook != nil {
		copied := *target.Webhook
		if copied.Secret == "" {
			copied.Secret = alerts.NewSecret()
			secret = copied.Secret
		}
		target.Webhook = &copied
	}
	if err := target.Check(); err != nil {
		return Channel{}, "", invalid("target", "%s", err)
	}
	channel := alerts.Channel{
		ID: "channel-" + strings.ToLower(randomText()), Name: name, Target: target, CreatedAt: a.Now().Unix(),
	}
	return viewChannel(channel), secret, a.Store.Update(ctx, func(tx store.Tx) error {
		present, err := alerts.Channels(ctx, tx)
		if err != nil {
			return err
		}
		if len(present) >= maxChannels {
			return invalid("", "there are %d channels already, and more are not kept", maxChannels)
		}
		if err := alerts.AddChannel(ctx, tx, channel); err != nil {
			return err
		}
		return a.audit(tx, "alert.channel.add", channel.ID, "%s to %s", target.Kind(), target.Shown())
	})
}

// ChangeAlertChannel changes where a channel leads; for owners. Receivers who are new get the events
// from now on.
func (a *Administrator) ChangeAlertChannel(ctx context.Context, id string, change ChannelChange) error {
	if err := a.may(Owner); err != nil {
		return err
	}
	if change.Name != nil {
		if err := checkName("channel", *change.Name); err != nil {
			return err
		}
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		present, err := alerts.Channels(ctx, tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(present, func(c alerts.Channel) bool { return c.ID == id })
		if i < 0 {
			return notFound(store.ErrNotFound, ObjectChannel, id)
		}
		c := present[i]
		target, err := change.of(c.Target)
		if err != nil {
			return err
		}
		name := c.Name
		set(&name, change.Name)
		if err := alerts.ChangeChannel(ctx, tx, c, name, target); err != nil {
			return err
		}
		return a.audit(tx, "alert.channel.change", id, "%s to %s", target.Kind(), target.Shown())
	})
}

// of applies a change to the target of a channel.
func (change ChannelChange) of(target alerts.Target) (alerts.Target, error) {
	if target.Email != nil {
		if change.URL != nil {
			return target, invalid("url", "this channel is e-mail, which has no URL")
		}
		email := *target.Email
		set(&email.From, change.From)
		set(&email.Password, change.Password)
		set(&email.To, change.To)
		set(&email.CC, change.CC)
		set(&email.BCC, change.BCC)
		target.Email = &email
	} else {
		if change.From != nil || change.Password != nil || change.To != nil || change.CC != nil || change.BCC != nil {
			return target, invalid("target", "this channel is a webhook, which has a URL alone")
		}
		webhook := *target.Webhook
		set(&webhook.URL, change.URL)
		target.Webhook = &webhook
	}
	if err := target.Check(); err != nil {
		return target, invalid("target", "%s", err)
	}
	return target, nil
}

// RemoveAlertChannel removes a channel; for owners.
func (a *Administrator) RemoveAlertChannel(ctx context.Context, id string) error {
	if err := a.may(Owner); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := alerts.RemoveChannel(ctx, tx, id); err != nil {
			return notFound(err, ObjectChannel, id)
		}
		return a.audit(tx, "alert.channel.remove", id, "")
	})
}

// testTime is how long a test may take for all receivers; an answer of the pages waits for it.
const testTime = 30 * time.Second

// TestAlertChannel sends a test message to each receiver of a channel; administrators may do so,
// because an owner has chosen where it goes. Its error tells who did not get it, in the words of the
// other side, because they say what to correct.
func (a *Administrator) TestAlertChannel(ctx context.Context, sender alerts.Sender, id string) error {
	if err := errors.Join(a.may(Editor), a.everywhere()); err != nil {
		return err
	}
	settings, err := a.Settings(ctx)
	if err != nil {
		return err
	}
	var wait time.Duration
	var channels []alerts.Channel
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		if wait, err = alerts.TakeTest(ctx, tx, id, a.Now()); err != nil || wait > 0 {
			return notFound(err, ObjectChannel, id)
		}
		if channels, err = alerts.Channels(ctx, tx); err != nil {
			return err
		}
		return a.audit(tx, "alert.channel.test", id, "")
	})
	if err != nil {
		return err
	}
	if wait > 0 {
		return &Error{Kind: Limited, Object: ObjectChannel, ID: id, Text: fmt.Sprintf(
			"this channel was tested %d times in a row; send the next test in %s", alerts.TestsAtOnce, wait)}
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	message := alerts.Message{ID: fmt.Sprintf("msg_test_%s", strings.ToLower(randomText())), At: a.Now(),
		Test: true, From: settings.PublicURL}
	var failed []error
	for _, channel := range channels {
		if channel.ID != id {
			continue
		}
		for _, receiver := range channel.Target.Receivers() {
			if err := sender.Send(ctx, channel.Target, receiver, message); err != nil {
				failed = append(failed, invalid("", "the test did not reach %s: %s",
					cmp.Or(receiver, channel.Target.Shown()), err.Error()))
			}
		}
	}
	return errors.Join(failed...)
}

// OpenAlert is an alert that is not over.
type OpenAlert struct {
	Kind         alerts.Kind `json:"kind"`
	Subject      string      `json:"subject"`
	Organization string      `json:"organization,omitempty"`
	Level        int64       `json:"level"`
	Value        int64       `json:"value"`
	Since        int64       `json:"since"`
	Text         string      `json:"text"` // in words, as of when the level was reached
}

// Alerts gives the alerts that are not over, the newest first.
func (a *Administrator) Alerts(ctx context.Context) ([]OpenAlert, error) {
	return a.openAlerts(ctx, 0)
}

func (a *Administrator) openAlerts(ctx context.Context, most int) ([]OpenAlert, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	ringing, err := alerts.Open(ctx, a.Store, most)
	list := make([]OpenAlert, 0, len(ringing))
	for _, r := range ringing {
		list = append(list, OpenAlert{r.Kind, r.Subject, r.Organization, r.Level, r.Value, r.Since, r.Text})
	}
	return list, err
}

// NewestAlerts gives the newest alerts that are not over, so many at most, and how many more there
// are.
func (a *Administrator) NewestAlerts(ctx context.Context, most int) (list []OpenAlert, more int, err error) {
	if list, err = a.openAlerts(ctx, most); err != nil || len(list) < most {
		return list, 0, err
	}
	counts, err := alerts.CountOpen(ctx, a.Store)
	for _, n := range counts {
		more += int(n)
	}
	return list, max(0, more-len(list)), err
}

// AlertHistory gives a page of past alerts, the newest first. It uses only the size of the page and
// the end of the previous page from the selection.
func (a *Administrator) AlertHistory(ctx context.Context, s Selection) (Page[alerts.Event], error) {
	page := Page[alerts.Event]{Items: []alerts.Event{}}
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return page, err
	}
	before := int64(0)
	if s.After != "" {
		var err error
		if before, err = strconv.ParseInt(s.After, 10, 64); err != nil || before < 1 {
			return page, invalid("after", "there is no page of the history after %.40q", s.After)
		}
	}
	if s.Limit <= 0 {
		s.Limit = records.DefaultLimit
	}
	events, err := alerts.History(ctx, a.Store, before, min(s.Limit, records.MaxLimit)+1)
	if err != nil {
		return page, err
	}
	if len(events) > min(s.Limit, records.MaxLimit) {
		events = events[:len(events)-1]
		page.Next = strconv.FormatInt(events[len(events)-1].ID, 10)
	}
	page.Items = append(page.Items, events...)
	return page, nil
}
