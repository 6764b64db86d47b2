package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
)

// The same commands, with the same output, work on a directory and on a server.
func TestRemote(t *testing.T) {
	data := standard(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(must(t, data, "token", "add", "ci", "--scope", "write")+"\n"),
		0o600); err != nil {
		t.Fatal(err)
	}
	p := startServer(t, data)
	nowhere := filepath.Join(t.TempDir(), "nothing")
	remote := func(args ...string) (string, error) {
		return run(nowhere, append(args, "--server", p.url, "--token-file", token)...)
	}
	for _, command := range []string{
		"org list", "handshake list --json", "item list", "item show scans", "item seats scans", "device list",
		"denial list", "anomaly list", "audit list --json", "alert list", "alert list --open", "alert rules list",
		"alert channels list",
	} {
		got, err := remote(strings.Fields(command)...)
		if want := must(t, data, strings.Fields(command)...) + "\n"; err != nil || got != want {
			t.Errorf("%s: %v\n%s\n%s", command, err, got, want)
		}
	}
	for _, command := range []string{
		"org add Other --id 100002", "org change 100002 --name Another", "handshake add web --org 100002",
		"handshake change 100002-web --any",
		"item add pages --org 100002 --charge-way page --quota 5 --handshake 100002-web", "item change pages --quota 6",
		"item detach pages --handshake 100002-web", "item attach pages --handshake 100002-web --position 1",
		"item revoke pages", "item remove pages", "handshake key 100002-web", "handshake remove 100002-web",
		"org remove 100002", "alert rules set silent off",
	} {
		if out, err := remote(strings.Fields(command)...); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	gone, left := servertest.NewDevice(p.url), servertest.NewDevice(p.url)
	must(t, data, "item", "add", "seats", "--org", "100001", "--charge-way", "device", "--quota", "5", "--id", "seats",
		"--handshake", "100001-reader", "--products", "DLR")
	for _, d := range []*servertest.Device{gone, left} {
		request := d.Request("100001-reader")
		request.ChargeWay = protocol.ChargeWayDeviceCount
		if _, err := d.Authorize(request); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{
		"device block " + gone.UUID, "device list", "device unblock " + gone.UUID,
		"device move-seats " + gone.UUID + " --to " + left.UUID + " --item seats", "item seats seats --json",
		"item free-seat seats --device " + left.UUID, "device merge " + gone.UUID + " --into " + left.UUID,
		"device separate " + gone.UUID, "device erase " + gone.UUID, "verify --data " + data,
	} {
		do := remote
		if strings.HasPrefix(command, "verify") {
			do = func(args ...string) (string, error) { return run(data, "verify") }
		}
		if out, err := do(strings.Fields(command)...); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	for command, want := range map[string]string{
		"device block nothing": "lts device list", "device move-seats " + gone.UUID + " --to nothing": "--to",
		"device merge " + gone.UUID + " --into nothing": "--into", "item show nothing": "lts item list",
		"org add X --id 100001": "--id", "admin list": "machine only", "item list --sort moon": "--sort",
		"alert test nothing": "lts alert channels list",
	} {
		if _, err := remote(strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", command, err, want)
		}
	}
	if _, err := run(nowhere, "org", "list", "--token-file", token); err == nil ||
		!strings.Contains(err.Error(), "--server") {
		t.Error(err)
	}
	if _, err := run(data, "org", "list", "--server", p.url); err == nil ||
		!strings.Contains(err.Error(), "--token-file") {
		t.Error(err)
	}
	if err := os.WriteFile(token, []byte("lts_wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := remote("org", "list"); err == nil || !strings.Contains(err.Error(), "token") {
		t.Error(err)
	}
}
