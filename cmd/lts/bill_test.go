package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	bill "github.com/openlts/openlts/server/statement"
)

// A month's bill from the first report to the customer's proof: a history is made by devices,
// the month is closed, and its file and the reports behind it prove it with the server's
// public key and nothing else. Whatever byte of them is changed, they no longer do.
func TestBillEndToEnd(t *testing.T) {
	data, directory := newData(t), t.TempDir()
	must(t, data, "simulate", "--devices", "20", "--days", "35", "--seed", "5", "--until", "2026-03-04", "--quiet")
	var organizations []struct{ ID string }
	mustJSON(t, &organizations, data, "org", "list")
	_, key, _ := strings.Cut(must(t, data, "key", "show"), "public key  ")
	key, _, _ = strings.Cut(key, "\n")
	proven := 0
	for _, organization := range organizations {
		file, reports := filepath.Join(directory, organization.ID), filepath.Join(directory, organization.ID+".jsonl")
		in := []string{"--org", organization.ID, "--month", "2026-02"}
		statement := func(more ...string) string {
			return must(t, data, append(append([]string{"statement"}, in...), more...)...)
		}
		draft := statement("--zone", "Europe/Berlin", "--json")
		closed := statement("--zone", "Europe/Berlin", "--close", "--json", "--reports", reports)
		if again := statement("--json"); again != closed {
			t.Errorf("a closed statement became another one")
		}
		if err := os.WriteFile(file, []byte(closed), 0o600); err != nil {
			t.Fatal(err)
		}
		// From here on without the server and its database.
		nowhere := filepath.Join(directory, "nowhere")
		verify := func(more ...string) error {
			_, err := run(nowhere, append([]string{"verify", "statement", file}, more...)...)
			return err
		}
		if err := verify("--key", key, "--reports", reports); err != nil {
			t.Fatal(err)
		}
		var made struct {
			Statement struct {
				Reports int64
				Usage   []struct {
					Type  string
					Units int64
				}
			}
		}
		if err := json.Unmarshal([]byte(closed), &made); err != nil {
			t.Fatal(err)
		}
		if made.Statement.Reports == 0 {
			continue // it was not at work
		}
		proven++
		if sums := sumsByHand(t, reports); len(sums) == 0 {
			t.Error("the reports are of nothing")
		} else {
			for _, line := range made.Statement.Usage {
				sums[line.Type] -= line.Units
			}
			for of, units := range sums {
				if units != 0 {
					t.Errorf("%s of organization %s differs from the sum of its reports by %d", of, organization.ID,
						units)
				}
			}
		}
		if proven > 1 {
			continue // one is enough to be tampered with
		}
		if err := os.WriteFile(file, []byte(draft), 0o600); err != nil {
			t.Fatal(err)
		}
		if verify("--key", key) == nil {
			t.Error("a draft is proven")
		}
		if err := os.WriteFile(file, []byte(closed), 0o600); err != nil {
			t.Fatal(err)
		}
		public, err := protocol.Encoding.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := os.ReadFile(reports)
		if err != nil {
			t.Fatal(err)
		}
		tamper := func(what string, text []byte, step int, prove func(changed []byte) error) {
			t.Helper()
			changed := bytes.Clone(text)
			for at := 0; at < len(text); at += step {
				for _, flip := range []byte{1, 0x20} {
					changed[at] = text[at] ^ flip
					if prove(changed) == nil {
						t.Errorf("byte %d of the %s is %q instead of %q, and it is proven: %q", at, what, changed[at],
							text[at], text[max(0, at-20):min(len(text), at+20)])
					}
				}
				changed[at] = text[at]
			}
		}
		tamper("statement", []byte(closed), 1, func(changed []byte) error {
			_, err := bill.Prove(bytes.NewReader(changed), public, nil)
			return err
		})
		tamper("reports", lines, 1+len(lines)/100, func(changed []byte) error {
			_, err := bill.Prove(strings.NewReader(closed), public, bytes.NewReader(changed))
			return err
		})
		for name, changed := range map[string][]byte{
			"one less": lines[bytes.IndexByte(lines, '\n')+1:], "one twice": append(bytes.Clone(lines), lines...),
			"cut": lines[:len(lines)-1], "an empty line": append(bytes.Clone(lines), '\n'), "none": {},
		} {
			if err := os.WriteFile(reports, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if verify("--key", key, "--reports", reports) == nil {
				t.Errorf("reports, %s: it is proven", name)
			}
		}
	}
	if proven < 2 {
		t.Errorf("only %d organizations had usage", proven)
	}
	if out, err := run(data, "verify"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// sumsByHand sums up a file of reports as a customer would: of each slot of a run, the
// highest that was reported of each type.
func sumsByHand(t *testing.T, path string) map[string]int64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type slot struct {
		device, run, code, item, of string
		at                          int64
	}
	highest := map[slot]int64{}
	for line := range bytes.Lines(text) {
		var report struct {
			Device, Run, Handshake, Item, Lost string
			Slot                               int64
			Counts                             map[string]int64
		}
		if err := json.Unmarshal(line, &report); err != nil {
			t.Fatal(err)
		}
		if report.Lost != "" {
			continue
		}
		for of, units := range report.Counts {
			key := slot{report.Device, report.Run, report.Handshake, report.Item, of, report.Slot}
			highest[key] = max(highest[key], units)
		}
	}
	sums := map[string]int64{}
	for key, units := range highest {
		sums[key.of] += units
	}
	return sums
}
