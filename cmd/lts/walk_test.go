package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
)

// onlyHere are the commands that work on the machine of the server only, and why; the
// arguments are any with which they would work there.
var onlyHere = map[string]struct{ arguments, why string }{
	"serve":                {"", "it is the server"},
	"backup":               {"to.db", "a database is copied where it is"},
	"checkpoint":           {"", "it reads all reports, for minutes"},
	"prune":                {"", "likewise; the server does it every hour"},
	"verify":               {"", "it reads all reports, and does not trust the server"},
	"simulate":             {"--devices 1 --days 1", "it fills a directory that is not there yet"},
	"doctor":               {"", "it looks at files, owners and the clock"},
	"admin add":            {"anna --role viewer", "owners are made by who holds the database"},
	"admin list":           {"", "likewise"},
	"admin change":         {"anna --role viewer", "likewise"},
	"admin remove":         {"anna", "likewise"},
	"admin reset-password": {"anna", "likewise"},
	"token add":            {"more", "no token makes another"},
	"token list":           {"", "likewise"},
	"token revoke":         {"token-x", "likewise"},
	"alert channels add-email": {
		"x --smtp h --from a@example.com --to b@example.com", "channels are chosen by owners, and hold secrets",
	},
	"alert channels add-webhook": {"x --url https://example.com", "likewise"},
	"alert channels change":      {"channel-x --name y", "likewise"},
	"alert channels remove":      {"channel-x", "likewise"},
	"vendor trust":               {"--name x --key y", "whom to believe is decided by owners"},
}

// noServer are the commands that work on files, settings or two databases that they name,
// with no server at all.
var noServer = map[string]bool{"copy": true, "verify statement": true, "config check": true, "conformance server": true,
	"conformance client": true, "help": true, "completion": true}

// remotely are lines for each command that works on a server elsewhere as on a directory, in an
// order in which they can be carried out. Those that begin with = only read: what they print
// is the same for both.
var remotely = []string{
	"=org list", "=handshake list --json", "=item list", "=item show scans --json", "=device list", "=denial list",
	"=anomaly list", "=audit list", "=alert list", "=alert list --open --json", "=alert rules list",
	"=alert channels list --json", "=product list", "=retention list", "=key show", "=server id", "=vendor list --json",
	"=vendor key", "=license list", "=license show FILE", "=stats", "=stats --by slot,type", "=stats --by slot --json",
	"=stats --by day,handshake --zone Europe/Berlin --handshake 100001-reader",
	"=stats --by month --since 2026-01-01 --until 2026-03-01 --zone America/New_York --compare",
	"=stats --csv --by day,type",
	"=statement --org 100001 --month MONTH --zone Europe/Berlin --format csv",
	"=policy replay --item scans --quota 5 --from 2026-01-01 --until 2026-02-01", "=device keys DEVICE",
	"=device reports DEVICE --since 2026-01-01 --type QR_CODE",
	"=device reports DEVICE --handshake 100001-reader --item scans --json", "=item seats scans",
	"org add Other --id 100002", "org change 100002 --name Another", "org archive 100002", "org unarchive 100002",
	"handshake add web --org 100002", "handshake change 100002-web --any",
	"handshake password 100002-web --session-password secret --overlap-days 3", "handshake password 100002-web --none",
	"handshake replace 100002-web --by web-2 --overlap-days 3", "handshake unarchive 100002-web",
	"handshake archive 100002-web", "handshake unarchive 100002-web", "handshake key 100002-web",
	"item add pages --org 100002 --charge-way page --quota 5 --handshake 100002-web", "item change pages --quota 6",
	"item detach pages --handshake 100002-web", "item attach pages --handshake 100002-web --position 1",
	"item adjust pages --units 2 --reason tests", "item archive pages", "item unarchive pages", "item revoke pages",
	"item remove scans-2", "handshake add empty --org 100002", "handshake remove 100002-empty", "org remove 100003",
	"alert rules set silent off", "alert test CHANNEL !the test did not reach", "retention set denials 90 !owner",
	"product add ACME-OCR", "product rename ACME-OCR ACME-READER", "license issue --item scans", "license revoke FILE",
	"license import FILE --show !of this id already", "device clear-clone DEVICE",
	"device confirm-key DEVICE --key x !key x", "device block DEVICE", "=device list", "device unblock DEVICE",
	"device separate DEVICE !not merged", "device erase DEVICE", "device move-seats DEVICE --to nobody !--to",
	"device merge DEVICE --into nobody !--into", "item free-seat scans --device DEVICE !no seat",
	"=statement --org 100001 --month MONTH --json",
}

// Each command works on a server elsewhere as on a directory, or is listed with the reason
// why it does not: a new one can't be forgotten.
func TestEachCommandRemotely(t *testing.T) {
	o := newOperated(t)
	known := map[string]bool{}
	for _, line := range remotely {
		reads := strings.HasPrefix(line, "=")
		line, failure, _ := strings.Cut(strings.TrimPrefix(line, "="), " !")
		words := strings.Fields(o.names.Replace(line))
		command, _, err := newRoot().Find(words)
		if err != nil {
			t.Fatal(err)
		}
		known[strings.TrimPrefix(command.CommandPath(), "lts ")] = true
		got, err := o.remote(words...)
		switch {
		case failure != "":
			if err == nil || !strings.Contains(err.Error(), failure) {
				t.Errorf("%s: %v, want %q in it\n%s", line, err, failure, got)
			}
		case err != nil:
			t.Errorf("%s: %v\n%s", line, err, got)
		case reads:
			timeless := func(printed string) string {
				return asOf.ReplaceAllString(strings.TrimSuffix(printed, "\n"), "")
			}
			// If an alert came in between, say, both print the same the next time.
			for tries := 1; ; tries++ {
				want := must(t, o.data, words...)
				if timeless(got) == timeless(want) {
					break
				}
				if tries == 3 {
					t.Errorf("%s prints otherwise:\n%s\nand on the directory:\n%s", line, got, want)
					break
				}
				if got, err = o.remote(words...); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
		}
	}
	for path, each := range onlyHere {
		known[path] = true
		if path == "serve" {
			continue // as long as it runs
		}
		if out, err := o.remote(append(strings.Fields(path), strings.Fields(each.arguments)...)...); err == nil ||
			!strings.Contains(err.Error(), "machine only") {
			t.Errorf("%s (%s): %v\n%s", path, each.why, err, out)
		}
	}
	var walk func(*cobra.Command)
	walk = func(command *cobra.Command) {
		path := strings.TrimPrefix(command.CommandPath(), "lts ")
		if command.Runnable() && !isGroup(command) && !known[path] && !noServer[path] {
			t.Errorf("lts %s: nobody says whether it works with --server", path)
		}
		for _, sub := range command.Commands() {
			walk(sub)
		}
	}
	for _, command := range newRoot().Commands() {
		walk(command)
	}
}

// asOf is the moment at which something was asked for.
var asOf = regexp.MustCompile(`(?m)"?as ?[oO]f"?:? [0-9][0-9: -]*`)

// isGroup tells whether a command only has others below it.
func isGroup(command *cobra.Command) bool { return command.HasSubCommands() && command.Example == "" }

// operated is a server at work, and how to reach it.
type operated struct {
	data   string
	names  *strings.Replacer // of what a line of the table leaves open
	remote func(args ...string) (string, error)
}

func newOperated(t *testing.T) *operated {
	t.Helper()
	data := standard(t)
	for _, line := range []string{
		"item add scans-2 --id scans-2 --org 100001 --charge-way scan --quota 5", "org add Third --id 100003",
		"org add Fourth --id 100004", "vendor key", "alert channels add-webhook chat --url https://127.0.0.1:1/hook",
	} {
		must(t, data, strings.Fields(line)...)
	}
	folder := t.TempDir()
	license, token := filepath.Join(folder, "example.license"), filepath.Join(folder, "token")
	must(t, data, "license", "issue", "--item", "scans", "--out", license)
	if err := os.WriteFile(token, []byte(must(t, data, "token", "add", "ci", "--scope", "write")+"\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	p := startServer(t, data)
	d := servertest.NewDevice(p.url)
	if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	const slot = 1770681600 // 2026-02-10
	if _, err := d.Report(d.Batch(protocol.ReportGroup{Run: uuid.NewString(), HandshakeCode: "100001-reader",
		Item: "scans", SlotSeconds: 180, Reports: []protocol.Report{
			{Slot: slot, Revision: 1, Counts: map[string]int64{"QR_CODE": 1, "EAN_13": 10}},
			{Slot: slot + 86400, Revision: 1, Counts: map[string]int64{"QR_CODE": 7}},
		}})); err != nil {
		t.Fatal(err)
	}
	var channels []administration.Channel
	mustJSON(t, &channels, data, "alert", "channels", "list")
	return &operated{
		data: data, names: strings.NewReplacer("FILE", license, "DEVICE", d.UUID, "MONTH", "2026-02", "CHANNEL",
			channels[0].ID),
		remote: func(args ...string) (string, error) {
			return run(filepath.Join(folder, "nothing"), append(args, "--server", p.url, "--token-file", token)...)
		},
	}
}
