package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
)

// A license key holds what a client needs to know: the server's key, too.
func TestLicenseKey(t *testing.T) {
	data := standard(t)
	must(t, data, "handshake", "add", "web", "--org", "100001", "--session-password", "s3cret")
	key := must(t, data, "handshake", "key", "100001-web", "--session-password", "s3cret", "--server",
		"https://lts.example.com", "--standby", "https://standby.example.com/lts/")
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "LTS1"))
	var fields map[string]string
	if err := errors.Join(err, json.Unmarshal(decoded, &fields)); err != nil {
		t.Fatal(err)
	}
	var shown administration.PublicKey
	mustJSON(t, &shown, data, "key", "show")
	if want := map[string]string{
		"mainServerURL": "https://lts.example.com", "standbyServerURL": "https://standby.example.com/lts/",
		"handshakeCode": "100001-web", "sessionPassword": "s3cret", "serverPublicKey": shown.PublicKey,
	}; shown.PublicKey == "" || !maps.Equal(fields, want) {
		t.Errorf("%v, not %v", fields, want)
	}
	if text := must(t, data, "key", "show"); !strings.Contains(text, shown.PublicKey) ||
		!strings.Contains(text, shown.ID) || !strings.Contains(text, "serverPublicKey") {
		t.Error(text)
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
	data := newData(t)
	addStandard(t, data)
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
