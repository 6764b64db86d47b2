package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestAdministration(t *testing.T) {
	data := newData(t)
	if id := must(t, data, "org", "add", "First"); id != "100001" {
		t.Errorf("the first organization is %s", id)
	}
	if id := must(t, data, "org", "add", "Second"); id != "100002" {
		t.Errorf("the second organization is %s", id)
	}
	must(t, data, "org", "add", "Third", "--id", "777")

	if code := must(t, data, "handshake", "add", "reader", "--org", "100001"); code != "100001-reader" {
		t.Errorf("the code is %s", code)
	}
	must(t, data, "handshake", "add", "web-1", "--org", "100001", "--session-password", "s3cret",
		"--validation-field", "a.example.com", "--validation-field", "b.example.com")
	must(t, data, "handshake", "add", "main", "--org", "100001", "--default")

	var codes []administration.Code
	mustJSON(t, &codes, data, "handshake", "list")
	if len(codes) != 3 || codes[0].Default || codes[1].Default || !codes[2].Default ||
		!codes[1].HasSessionPassword || len(codes[1].ValidationFields) != 2 {
		t.Errorf("%+v", codes)
	}

	if id := must(t, data, "item", "add", "scans", "--org", "100001", "--charge-way", "scan", "--quota", "unlimited",
		"--handshake", "100001-reader"); id != "scans" {
		t.Errorf("the item is %s", id)
	}
	generated := must(t, data, "item", "add", "scans", "--org", "100001", "--charge-way", "page", "--quota", "10")
	if !strings.HasPrefix(generated, "item-") {
		t.Errorf("the item is %s", generated)
	}
	must(t, data, "item", "add", "All there is", "--id", "full", "--org", "100001", "--charge-way", "device",
		"--quota", "30",
		"--handshake", "100001-reader", "--handshake", "100001-main", "--products", "dbr,DLR", "--version", "10",
		"--edition", "Python", "--deployment-type", "desktop", "--modules", "ONED,QR_CODE", "--starts", "2026-01-01",
		"--expires", "2027-01-01T12:00:00Z",
		"--max-buffer-days", "30", "--validation-field", "reader.exe", "--trial")
	must(t, data, "item", "attach", generated, "--handshake", "100001-reader", "--position", "1")
	must(t, data, "item", "revoke", "scans")

	var items []administration.Item
	mustJSON(t, &items, data, "item", "list")
	if len(items) != 3 {
		t.Fatalf("%+v", items)
	}
	full := items[2]
	if full.Products != "DBR,DLR" || full.Modules != "ONED,QR_CODE" || full.DeploymentType != "desktop" ||
		full.ChargeWay != "device" ||
		full.StartsAt != 1767225600 || full.ExpiresAt != 1798804800 || full.MaxBufferDays != 30 || !full.Trial ||
		full.Quota.Tolerance != 3 ||
		strings.Join(full.Handshakes, " ") != "100001-reader 100001-main" {
		t.Errorf("%+v", full)
	}
	if items[0].RevokedAt == 0 || items[0].Quota.Limit != -1 {
		t.Errorf("%+v", items[0])
	}
	mustJSON(t, &codes, data, "handshake", "list")
	if strings.Join(codes[0].Items, " ") != generated+" full scans" &&
		strings.Join(codes[0].Items, " ") != generated+" scans full" {
		t.Errorf("%+v", codes[0])
	}
	if table := must(t, data, "item", "list"); !strings.Contains(table, "revoked") ||
		!strings.Contains(table, "unlimited") {
		t.Error(table)
	}

	key := must(t, data, "handshake", "key", "100001-web-1", "--session-password", "s3cret", "--server",
		"https://lts.example.com", "--standby", "https://standby.example.com/lts/")
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "LTS1"))
	var fields map[string]string
	if err = errors.Join(err, json.Unmarshal(decoded, &fields)); err != nil || len(fields) != 5 ||
		fields["mainServerURL"] != "https://lts.example.com" ||
		fields["standbyServerURL"] != "https://standby.example.com/lts/" || fields["handshakeCode"] != "100001-web-1" ||
		fields["sessionPassword"] != "s3cret" {
		t.Errorf("%v, %v", fields, err)
	}
	var shown administration.PublicKey
	mustJSON(t, &shown, data, "key", "show")
	if text := must(t, data, "key", "show"); shown.PublicKey == "" || fields["serverPublicKey"] != shown.PublicKey ||
		!strings.Contains(text, shown.PublicKey) || !strings.Contains(text, shown.ID) ||
		!strings.Contains(text, "serverPublicKey") {
		t.Errorf("%+v, the license key has %q, printed is %s", shown, fields["serverPublicKey"], text)
	}

	// Each change has its row, and no row a password.
	audits := must(t, data, "audit", "list", "--json")
	if n := strings.Count(audits, `"action"`); n != 12 || strings.Contains(audits, "s3cret") {
		t.Errorf("%d rows:\n%s", n, audits)
	}
	if handshakes := must(t, data, "handshake", "list", "--json") +
		must(t, data, "handshake", "list"); strings.Contains(handshakes, "s3cret") {
		t.Error("a list shows a password")
	}
}

// Mistakes are told, with what to do, and change nothing.
func TestMistakes(t *testing.T) {
	data := standard(t)
	must(t, data, "org", "add", "Other", "--id", "100002")
	must(t, data, "handshake", "add", "other", "--org", "100002")
	before := must(t, data, "org", "list", "--json") + must(t, data, "handshake", "list", "--json") +
		must(t, data, "item", "list", "--json")
	item := []string{"item", "add", "new", "--org", "100001", "--charge-way", "scan", "--quota", "1"}
	with := func(more ...string) []string { return append(item[:len(item):len(item)], more...) }
	long := strings.Repeat("x", 300)
	backup := "exists"
	if teststore.OnPostgreSQL() {
		backup = "pg_dump"
	}
	for _, test := range []struct {
		args []string
		want string // in the error
	}{
		{[]string{"nothing"}, `unknown command "nothing"`},
		{[]string{"org"}, "lts org --help"},
		{[]string{"org", "erase"}, `no command "erase"`},
		{[]string{"org", "add"}, "accepts 1 arg"},
		{[]string{"org", "add", "x", "--idd", "1"}, "--help"},
		{[]string{"org", "add", ""}, "name of the organization is empty"},
		{[]string{"org", "add", long}, "longer than 255"},
		{[]string{"org", "add", "a\tb"}, "can't be printed"},
		{[]string{"org", "add", "x", "--id", "100001"}, "already"},
		{[]string{"org", "add", "x", "--id", "abc"}, "not an organization id"},
		{[]string{"org", "add", "x", "--id", "012"}, "not an organization id"},
		{[]string{"org", "add", "x", "--id", "-5"}, "not an organization id"},
		{[]string{"handshake", "add", "x"}, `"org" not set`},
		{[]string{"handshake", "add", "x", "--org", "5"}, "lts org list"},
		{[]string{"handshake", "add", "reader", "--org", "100001"}, "already"},
		{[]string{"handshake", "add", "a b", "--org", "100001"}, "custom part"},
		{[]string{"handshake", "add", "", "--org", "100001"}, "custom part"},
		{[]string{"handshake", "add", "x", "--org", "100001", "--session-password", long}, "longer than 255"},
		{[]string{"handshake", "add", "x", "--org", "100001", "--validation-field", ""}, "validation field is empty"},
		{[]string{"handshake", "add", "x", "--org", "100001", "--validation-field", "a", "--validation-field", "a"},
			"twice"},
		{[]string{"handshake", "key", "100001-nobody", "--server", "http://x"}, "lts handshake list"},
		{[]string{"handshake", "key", "100001-reader", "--server", "lts.example.com"}, "base URL"},
		{[]string{"handshake", "key", "100001-reader", "--server", "ftp://lts.example.com"}, "base URL"},
		{[]string{"handshake", "key", "100001-reader", "--server", "http://x", "--standby", "http://"}, "base URL"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "scan"}, `"quota" not set`},
		{[]string{"item", "add", "x", "--org", "5", "--charge-way", "scan", "--quota", "1"}, "lts org list"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "tea", "--quota", "1"},
			"concurrent-device, concurrent-instance"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "scan", "--quota", "0"}, "--quota"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "scan", "--quota", "-1"}, "--quota"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "scan", "--quota", "many"}, "--quota"},
		{[]string{"item", "add", "x", "--org", "100001", "--charge-way", "scan", "--quota", "9223372036854775807"},
			"quota"},
		{with("--id", "scans"), "already"},
		{with("--id", "a/b"), "item id"},
		{with("--handshake", "100001-nobody"), "lts handshake list"},
		{with("--handshake", "100002-other"), "same organization"},
		{with("--products", "XYZ"), "DBR"},
		{with("--products", ""), "DBR"},
		{with("--version", "10.2"), "major version"},
		{with("--deployment-type", "moon"), "desktop"},
		{with("--modules", "NONE"), "QR_CODE"},
		{with("--starts", "tomorrow"), "not a time"},
		{with("--expires", "2026-02-30"), "not a time"},
		{with("--starts", "2026-02-01", "--expires", "2026-01-01"), "expires before it starts"},
		{with("--max-buffer-days", "0"), "buffer days"},
		{[]string{"item", "attach", "nothing", "--handshake", "100001-reader"}, "lts item list"},
		{[]string{"item", "attach", "scans", "--handshake", "100001-nobody"}, "lts handshake list"},
		{[]string{"item", "attach", "scans", "--handshake", "100002-other"}, "same organization"},
		{[]string{"item", "attach", "scans", "--handshake", "100001-reader", "--position", "-1"}, "position"},
		{[]string{"item", "revoke", "nothing"}, "lts item list"},
		{[]string{"stats", "--by", "moon"}, "choose from slot, hour"},
		{[]string{"stats", "--by", "item,item"}, "twice"},
		{[]string{"stats", "--handshake", "100001-nobody"}, "lts handshake list"},
		{[]string{"stats", "--item", "nothing"}, "lts item list"},
		{[]string{"stats", "--since", "noon"}, "not a time"},
		{[]string{"stats", "--since", "2026-02-01", "--until", "2026-01-01"}, "not after"},
		{[]string{"denial", "list", "--limit", "0"}, "--limit"},
		{[]string{"serve", "--listen", "nowhere:x"}, "--listen"},
		{[]string{"serve", "--listen", "127.0.0.1:0", "--log-format", "xml"}, "text or json"},
		{[]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "loud"}, "debug"},
		{[]string{"serve", "--tls-cert", "x"}, "tls-key"},
		{[]string{"serve", "--tls-cert", "x", "--tls-key", "y"}, "certificate"},
		{[]string{"serve", "--listen", "127.0.0.1:0", "--url-file", filepath.Join(data, "no", "such", "dir")},
			"base URL"},
		{[]string{"backup", filepath.Join(data, "lts.db")}, backup},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			out, err := run(data, test.args...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it\n%s", err, test.want, out)
			}
		})
	}
	after := must(t, data, "org", "list", "--json") + must(t, data, "handshake", "list", "--json") +
		must(t, data, "item", "list", "--json")
	if before != after {
		t.Errorf("a mistake changed something:\n%s\n%s", before, after)
	}
}

func TestMissingData(t *testing.T) {
	onFiles(t)
	data := filepath.Join(t.TempDir(), "none")
	for _, command := range []string{"org list", "stats", "verify", "item revoke x",
		"handshake add x --org 1", "backup y"} {
		if _, err := run(data, strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), "--data") {
			t.Errorf("%s: %v", command, err)
		}
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
	if err := os.WriteFile(data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(data, "org", "add", "x"); err == nil {
		t.Error("a file passed for a directory")
	}
}

func TestPasswordFile(t *testing.T) {
	data := standard(t)
	directory := t.TempDir()
	for i, test := range []struct{ content, want string }{
		{"s3cret\n", ""}, {"s3cret", ""}, {"s3cret\r\n", ""}, {"", "none"}, {"\n", "none"}, {"a\nb\n", "one line"},
		{strings.Repeat("x", 5000), "one line"},
	} {
		file := filepath.Join(directory, "password")
		if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		code := fmt.Sprintf("c%d", i)
		_, err := run(data, "handshake", "add", code, "--org", "100001", "--session-password-file", file)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%.10q: %v", test.content, err)
			}
			continue
		}
		var fields map[string]any
		key := must(t, data, "handshake", "key", "100001-"+code, "--server", "https://lts.example.com",
			"--session-password-file", file)
		decoded, decodeErr := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "LTS1"))
		if err = errors.Join(err, decodeErr, json.Unmarshal(decoded, &fields)); err != nil ||
			fields["sessionPassword"] != "s3cret" {
			t.Errorf("%q: %v, %v", test.content, fields, err)
		}
	}
	if _, err := run(data, "handshake", "add", "x", "--org", "100001", "--session-password-file",
		filepath.Join(directory, "nothing")); err == nil {
		t.Error("a file that is not there")
	}
}

func TestDamagedData(t *testing.T) {
	onFiles(t)
	data := standard(t)
	path := filepath.Join(data, "lts.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(data, "org", "list"); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}

// Everything for the owner only: keys and passwords are in it.
func TestFileModes(t *testing.T) {
	onFiles(t)
	data := standard(t)
	p := startServer(t, data)
	d := servertest.NewDevice(p.url)
	if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "copy.db")
	must(t, data, "backup", backup)
	for _, path := range []string{data, filepath.Join(data, "lts.db"), filepath.Join(data, "lts.db-wal"), backup} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Every command has help with an example, and every example is a command.
func TestHelp(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		out, err := run(t.TempDir(), append(strings.Fields(cmd.CommandPath())[1:], "--help")...)
		if err != nil || !strings.Contains(out, cmd.Short) && !strings.Contains(out, cmd.Long) {
			t.Errorf("%s --help: %v\n%s", cmd.CommandPath(), err, out)
		}
		if cmd.Short == "" || !cmd.HasSubCommands() && cmd.Example == "" {
			t.Errorf("%s has no short text or no example", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if words := strings.Fields(line); len(words) > 0 && words[0] == "lts" {
				if found, _, err := newRoot().Find(words[1:]); err != nil ||
					found.HasSubCommands() && found.Example == "" {
					t.Errorf("the example %q: %v", line, err)
				}
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	root := newRoot()
	for _, cmd := range root.Commands() {
		visit(cmd)
	}
}

func TestStatistics(t *testing.T) {
	data := standard(t)
	must(t, data, "handshake", "add", "web", "--org", "100001")
	must(t, data, "item", "attach", "scans", "--handshake", "100001-web")
	p := startServer(t, data)
	one, two := servertest.NewDevice(p.url), servertest.NewDevice(p.url)
	const slot = 1763928000 // 2025-11-23 20:00:00
	for i, d := range []*servertest.Device{one, two} {
		for _, code := range []string{"100001-reader", "100001-web"} {
			if _, err := d.Authorize(d.Request(code)); err != nil {
				t.Fatal(err)
			}
			_, err := d.Report(d.Batch(protocol.ReportGroup{Run: uuid.NewString(), HandshakeCode: code, Item: "scans",
				SlotSeconds: 180, Reports: []protocol.Report{
					{Slot: slot, Revision: 1, Counts: map[string]int64{"QR_CODE": 1, "EAN_13": 10}},
					{Slot: slot + 3600, Revision: 1, Counts: map[string]int64{"QR_CODE": int64(100 * (i + 1))}},
					{Slot: slot + 86400, Revision: 1, Counts: map[string]int64{"QR_CODE": 7},
						Lost: protocol.LostExpired},
				}}))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		args        string
		rows        string
		total, lost int64
	}{
		{"", "100001-reader scans EAN_13 20;100001-reader scans QR_CODE 302;100001-web scans EAN_13 20;100001-web " +
			"scans QR_CODE 302", 644, 28},
		{"--by handshake --handshake 100001-web", "100001-web 322", 322, 14},
		{"--by type,handshake --item scans",
			"EAN_13 100001-reader 20;EAN_13 100001-web 20;QR_CODE 100001-reader 302;QR_CODE 100001-web 302", 644, 28},
		{"--by slot", "1763928000 44;1763931600 600", 644, 28},
		{"--by hour,type --handshake 100001-web",
			"1763928000 EAN_13 20;1763928000 QR_CODE 2;1763931600 QR_CODE 300", 322, 14},
		{"--by day", "1763856000 644", 644, 28},
		{"--by type --since 1763931600", "QR_CODE 600", 600, 28},
		{"--by type --until 2025-11-23T21:00:00Z", "EAN_13 40;QR_CODE 4", 44, 0},
		{"--by type --since 2025-11-25", "", 0, 0},
	} {
		t.Run(test.args, func(t *testing.T) {
			var s statisticsJSON
			mustJSON(t, &s, data, append([]string{"stats"}, strings.Fields(test.args)...)...)
			var rows []string
			columns := []string{"handshake", "item", "type"}
			if fields := strings.Fields(test.args); len(fields) > 0 && fields[0] == "--by" {
				columns = strings.Split(fields[1], ",")
			}
			for _, row := range s.Rows {
				if row.Late != row.Count { // it is long ago
					t.Errorf("%+v", row)
				}
				text := ""
				for _, column := range columns {
					starts := map[string]*int64{"slot": row.Slot, "hour": row.Hour, "day": row.Day}
					if start := starts[column]; start != nil {
						text += fmt.Sprint(*start, " ")
					} else {
						text += row.Text(statistics.By(column)) + " "
					}
				}
				rows = append(rows, text+fmt.Sprint(row.Count))
			}
			if got := strings.Join(rows, ";"); got != test.rows || s.Total != test.total || s.Lost != test.lost {
				t.Errorf("got %s, total %d, lost %d", got, s.Total, s.Lost)
			}
		})
	}
	var byDevice statisticsJSON
	mustJSON(t, &byDevice, data, "stats", "--by", "device")
	counts := map[string]int64{}
	for _, row := range byDevice.Rows {
		counts[row.Device] = row.Count
	}
	if len(counts) != 2 || counts[one.UUID] != 222 || counts[two.UUID] != 422 {
		t.Errorf("%v", counts)
	}
	if table := must(t, data, "stats", "--by", "day", "--zone", "Asia/Kolkata"); !strings.Contains(table,
		"2025-11-24 00:00:00  644") {
		t.Error(table)
	}
	if table := must(t, data, "stats", "--by", "hour,type", "--csv", "--handshake",
		"100001-web"); !strings.Contains(table, "2025-11-23T20:00:00Z,2025-11-23T21:00:00Z,EAN_13,20,20\n") {
		t.Error(table)
	}
	for _, wrong := range [][]string{{"--zone", "Nowhere"}, {"--zone", "Local"}, {"--measure", "noise"},
		{"--by", "slot", "--accumulated", "--since", "2024-01-01"}, {"--compare"}} {
		if out, err := run(data, append([]string{"stats"}, wrong...)...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
	if table := must(t, data, "stats", "--by", "hour"); !strings.Contains(table, "2025-11-23 20:00:00") ||
		!strings.Contains(table, "Declared lost (expired): 28") {
		t.Error(table)
	}
	var devices []administration.Device
	mustJSON(t, &devices, data, "device", "list")
	if len(devices) != 2 || devices[0].UUID != one.UUID || devices[0].Keys != 1 {
		t.Errorf("%+v", devices)
	}
	_ = must(t, data, "device", "list") + must(t, data, "anomaly", "list") + must(t, data, "denial", "list") +
		must(t, data, "audit", "list")
}

// verify says where stored and recomputed differ, and fails.
func TestVerifyFindsDifferences(t *testing.T) {
	data := standard(t)
	p := startServer(t, data)
	d := servertest.NewDevice(p.url)
	if _, err := d.Authorize(d.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	batch := d.Batch(protocol.ReportGroup{
		Run: uuid.NewString(), HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 180,
		Reports: []protocol.Report{
			{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 3}},
			{Slot: 360, Revision: 1, Counts: map[string]int64{"QR_CODE": 3}, Lost: protocol.LostRefused},
		},
	})
	if _, err := d.Report(batch); err != nil {
		t.Fatal(err)
	}
	if out := must(t, data, "verify"); !strings.HasPrefix(out, "ok") {
		t.Error(out)
	}
	tamper(t, data, `UPDATE total SET count = count + 1`)
	tamper(t, data, `UPDATE item SET used = 5`)
	tamper(t, data, `UPDATE report_loss SET units = 1`)
	out, err := run(data, "verify")
	if err == nil {
		t.Error("no difference was found")
	}
	for _, want := range []string{"handshake 100001-reader, item scans, slot 1970-01-01 00:03 UTC, type QR_CODE",
		"use of an item", "cause refused"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var result struct {
		OK          bool
		Differences []map[string]any
	}
	out, err = run(data, "verify", "--json")
	if jsonErr := json.Unmarshal([]byte(out), &result); err == nil || jsonErr != nil || result.OK ||
		len(result.Differences) != 3 {
		t.Errorf("%v, %v, %s", err, jsonErr, out)
	}
}

// Several commands at once on a new directory.
func TestConcurrentCommands(t *testing.T) {
	data := newData(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if out, err := run(data, "org", "add", "x"); err != nil {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	wg.Wait()
	var organizations []administration.Organization
	mustJSON(t, &organizations, data, "org", "list")
	if len(organizations) != 6 {
		t.Errorf("%+v", organizations)
	}
}

func TestDefaultExpiry(t *testing.T) {
	data := standard(t)
	var items []administration.Item
	mustJSON(t, &items, data, "item", "list")
	want := time.Unix(items[0].StartsAt, 0).UTC().AddDate(1, 0, 0).Unix()
	if items[0].ExpiresAt != want || items[0].MaxBufferDays != 365 || items[0].Products != "ALL" {
		t.Errorf("%+v", items[0])
	}
	// An item that has expired already can be taken over.
	must(t, data, "item", "add", "old", "--org", "100001", "--charge-way", "scan", "--quota", "1",
		"--expires", "2020-01-01")
	if table := must(t, data, "item", "list"); !strings.Contains(table, "expired") {
		t.Error(table)
	}
}
