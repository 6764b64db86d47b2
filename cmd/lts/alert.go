package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
)

// webhookPrivateFlag lets webhooks lead to private addresses.
const webhookPrivateFlag = "webhook-private"

const webhookPrivateHelp = "let alerts go to webhooks at private addresses, too: those behind your firewall"

func (a *app) alert() *cobra.Command {
	return group("alert", "Alerts: what they found, at which levels, and where they go", a.listAlerts(), a.alertRules(),
		a.alertChannels(), a.testAlert())
}

func (a *app) listAlerts() *cobra.Command {
	var open bool
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List alerts, the newest first", Args: cobra.NoArgs,
		Long: `List alerts, the newest first; with --open, only those that are not over. "lts serve"
evaluates the rules every 10 minutes.`,
		Example: `  lts alert list
  lts alert list --open --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLimit(limit, 1); err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if open {
					return a.printOpenAlerts(cmd, s)
				}
				events, err := all(cmd.Context(), administration.Selection{}, limit, s.AlertHistory)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), events)
				}
				t := newTable(cmd.OutOrStdout(), "AT (UTC)", "KIND", "LEVEL", "WHAT")
				for _, e := range events {
					level := e.Kind.Write(e.Level)
					if e.Recovered {
						level = "recovered"
					}
					t.row(formatTime(e.At), e.Kind, level, e.Text)
				}
				return t.end()
			})
		},
	}
	cmd.Flags().BoolVar(&open, "open", false, "only those that are not over")
	cmd.Flags().IntVar(&limit, "limit", recordLimit, "at most so `many`")
	return cmd
}

func (a *app) printOpenAlerts(cmd *cobra.Command, s service) error {
	open, err := s.Alerts(cmd.Context())
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), open)
	}
	t := newTable(cmd.OutOrStdout(), "SINCE (UTC)", "KIND", "OF", "LEVEL")
	for _, each := range open {
		t.row(formatTime(each.Since), each.Kind, each.Subject, each.Kind.Write(each.Level))
	}
	return t.end()
}

func (a *app) alertRules() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List the rules", Args: cobra.NoArgs, Example: `  lts alert rules list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				rules, err := s.AlertRules(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rules)
				}
				t := newTable(cmd.OutOrStdout(), "KIND", "LEVELS")
				for _, rule := range rules {
					t.row(rule.Kind, rule.Text())
				}
				return t.end()
			})
		},
	}
	set := &cobra.Command{
		Use: "set KIND LEVELS", Short: "Set at which levels there is an alert, or off", Args: cobra.ExactArgs(2),
		Long: `Set at which levels there is an alert: numbers separated by commas, or "off".

quota       of an item: percent used; "end": its tolerance is used up
exceptions  of an item: percent of the exceptions allowed
refused     under a handshake code: percent of the last hour's authorizations
expiry      of an item: days until it ends
silent      of an organization: days that devices were not seen
loss        of an organization: units newly declared lost
anomaly     of a kind of anomalies: how many are new`,
		Example: `  lts alert rules set quota 60,80,100,end
  lts alert rules set silent off`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.SetAlertRule(cmd.Context(), args[0], args[1]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "the levels of %s are %s", args[0], args[1])
			})
		},
	}
	return group("rules", "At which levels there are alerts", list, set)
}

func (a *app) alertChannels() *cobra.Command {
	return group("channels", "Where alerts go", a.listChannels(), a.addEmail(), a.addWebhook(),
		a.changeChannel(), a.removeChannel())
}

func (a *app) listChannels() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List where alerts go", Args: cobra.NoArgs, Example: `  lts alert channels list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				channels, err := s.AlertChannels(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), channels)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "NAME", "KIND", "LEADS TO", "TRIED AGAIN (UTC)", "FAILURE")
				for _, c := range channels {
					for _, r := range c.Receivers {
						t.row(c.ID, c.Name, c.Kind, cmp.Or(r.Address, c.Target), formatTime(r.NextAt), r.Failure)
					}
				}
				return t.end()
			})
		},
	}
}

func (a *app) addEmail() *cobra.Command {
	var e alerts.Email
	var security, passwordFile string
	cmd := &cobra.Command{
		Use: "add-email NAME", Short: "Send alerts by e-mail", Args: cobra.ExactArgs(1),
		Long: `Send alerts by e-mail, from now on. The server checks the certificate of the mail
server. The password comes from a file and is stored in the database. Afterwards, send
a test with "lts alert test".`,
		Example: `  lts alert channels add-email operators --smtp smtp.example.com --user lts --password-file password.txt \
    --from lts@example.com --to operators@example.com`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if passwordFile != "" {
				if e.Password, err = readPassword(cmd, passwordFile); err != nil {
					return fmt.Errorf("reading the password: %w", err)
				}
			}
			e.Security = alerts.Security(security)
			return a.addChannel(cmd, args[0], alerts.Target{Email: &e})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&e.Host, "smtp", "", "the `host` of the mail server (required)")
	flags.IntVar(&e.Port, "port", 0, "its `port`; 0: the usual one")
	flags.StringVar(&security, "security", string(alerts.StartTLS), "starttls, tls (from the first byte on) or none")
	flags.StringVar(&e.User, "user", "", "who signs in; absent: nobody")
	flags.StringVar(&passwordFile, "password-file", "",
		"the `file` whose first line is the password; -: standard input")
	flags.StringVar(&e.From, "from", "", "the sender's `address` (required)")
	flags.StringSliceVar(&e.To, "to", nil, "a receiver's `address`; may be repeated (required)")
	flags.StringSliceVar(&e.CC, "cc", nil, "the `address` of who gets a copy; may be repeated")
	flags.StringSliceVar(&e.BCC, "bcc", nil, "the `address` of who gets a hidden copy; may be repeated")
	required(cmd, "smtp", "from", "to")
	return cmd
}

func (a *app) addWebhook() *cobra.Command {
	var w alerts.Webhook
	var secretFile string
	cmd := &cobra.Command{
		Use: "add-webhook NAME", Short: "Send alerts to a webhook", Args: cobra.ExactArgs(1),
		Long: `Send alerts to a URL, from now on, by POST as JSON. Requests are signed as described
at https://www.standardwebhooks.com. The command prints the secret for that, only now,
unless it comes from a file.`,
		Example: `  lts alert channels add-webhook chat --url https://hooks.example.com/lts`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if secretFile != "" {
				if w.Secret, err = readPassword(cmd, secretFile); err != nil {
					return fmt.Errorf("reading the secret: %w", err)
				}
			}
			return a.addChannel(cmd, args[0], alerts.Target{Webhook: &w})
		},
	}
	cmd.Flags().StringVar(&w.URL, "url", "", "the `URL` (required)")
	cmd.Flags().StringVar(&secretFile, "secret-file", "",
		"the `file` whose first line is the secret (whsec_...); -: standard input; absent: one is made")
	required(cmd, "url")
	return cmd
}

func (a *app) addChannel(cmd *cobra.Command, name string, target alerts.Target) error {
	return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
		channel, secret, err := admin.AddAlertChannel(cmd.Context(), name, target)
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(cmd.OutOrStdout(), struct {
				administration.Channel
				Secret string `json:"secret,omitempty"`
			}{channel, secret})
		}
		if secret != "" {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\nsecret: %s\n", channel.ID, secret)
		} else {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), channel.ID)
		}
		return err
	})
}

func (a *app) changeChannel() *cobra.Command {
	var name, from, address, passwordFile string
	var to, cc, bcc []string
	cmd := &cobra.Command{
		Use: "change ID", Short: "Change where a channel leads", Args: cobra.ExactArgs(1),
		Long: `Change the name of a channel; the sender, the receivers and the password of e-mail; or
the URL of a webhook, whose secret stays. Receivers who are new get the alerts from now
on. For another mail server, add another channel.`,
		Example: `  lts alert channels change channel-abcdefghijkl --to operators@example.com --to night@example.com
  lts alert channels change channel-abcdefghijkl --cc ""
  lts alert channels change channel-mnopqrstuvwx --url https://hooks.example.com/other`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var change administration.ChannelChange
			given := cmd.Flags().Changed
			for flag, text := range map[string]struct {
				of *string
				to **string
			}{"name": {&name, &change.Name}, "from": {&from, &change.From}, "url": {&address, &change.URL}} {
				if given(flag) {
					*text.to = text.of
				}
			}
			for flag, list := range map[string]struct {
				of []string
				to **[]string
			}{"to": {to, &change.To}, "cc": {cc, &change.CC}, "bcc": {bcc, &change.BCC}} {
				if given(flag) {
					*list.to = new(slices.DeleteFunc(list.of, func(each string) bool { return each == "" }))
				}
			}
			if passwordFile != "" {
				password, err := readPassword(cmd, passwordFile)
				if err != nil {
					return fmt.Errorf("reading the password: %w", err)
				}
				change.Password = &password
			}
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.ChangeAlertChannel(cmd.Context(), args[0], change); err != nil {
					return err
				}
				return a.done(cmd, args[0], "channel %s is changed", args[0])
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "the `name`")
	flags.StringVar(&from, "from", "", "the sender's `address`")
	flags.StringSliceVar(&to, "to", nil, "a receiver's `address`, instead of those before; may be repeated")
	flags.StringSliceVar(&cc, "cc", nil, "the `address` of who gets a copy; may be repeated; empty: nobody")
	flags.StringSliceVar(&bcc, "bcc", nil, "the `address` of who gets a hidden copy; may be repeated; empty: nobody")
	flags.StringVar(&passwordFile, "password-file", "",
		"the `file` whose first line is the password; -: standard input")
	flags.StringVar(&address, "url", "", "the `URL` of a webhook")
	cmd.MarkFlagsOneRequired("name", "from", "to", "cc", "bcc", "password-file", "url")
	return cmd
}

func (a *app) removeChannel() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Remove a channel", Args: cobra.ExactArgs(1),
		Example: `  lts alert channels remove channel-abcdefghijkl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.RemoveAlertChannel(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "alerts go to channel %s no more", args[0])
			})
		},
	}
}

func (a *app) testAlert() *cobra.Command {
	var private bool
	cmd := &cobra.Command{
		Use: "test CHANNEL", Short: "Send a test to a channel", Args: cobra.ExactArgs(1),
		Long: `Send a test to a channel, and say what went wrong if that fails. This machine sends
it; with --server, the server does, as it sends alerts.`,
		Example: `  lts alert test channel-abcdefghijkl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.TestChannel(cmd.Context(), args[0], private); err != nil {
					return err
				}
				return a.done(cmd, args[0], "a test was sent to channel %s", args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&private, webhookPrivateFlag, false, webhookPrivateHelp+"; a server elsewhere goes by its own")
	return cmd
}
