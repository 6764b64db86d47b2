package main

import (
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
)

func TestAlertCommands(t *testing.T) {
	data := standard(t)
	must(t, data, "alert", "rules", "set", "quota", "50,end")
	if out := must(t, data, "alert", "rules", "list"); !strings.Contains(out, "50,end") ||
		!strings.Contains(out, "refused") {
		t.Error(out)
	}
	for _, arguments := range [][]string{
		{"alert", "rules", "set", "quota", "many"}, {"alert", "rules", "set", "weather", "1"},
		{"alert", "list", "--limit", "0"}, {"alert", "test", "channel-x"}, {"alert", "channels", "remove", "channel-x"},
		{"alert", "channels", "add-webhook", "x", "--url", "ftp://example.com"},
		{"alert", "channels", "add-email", "x", "--smtp", "h", "--from", "nobody", "--to", "a@example.com"},
	} {
		if out, err := run(data, arguments...); err == nil {
			t.Errorf("%q: %s", arguments, out)
		}
	}
	out := must(t, data, "alert", "channels", "add-webhook", "chat", "--url", "https://127.0.0.1:1/x")
	id, secret, _ := strings.Cut(out, "\n")
	if !strings.HasPrefix(secret, "secret: whsec_") {
		t.Error(out)
	}
	must(t, data, "alert", "channels", "add-email", "mail", "--smtp", "smtp.example.com", "--from", "a@example.com",
		"--to", "b@example.com,c@example.com")
	var channels []administration.Channel
	mustJSON(t, &channels, data, "alert", "channels", "list")
	if len(channels) != 2 || channels[0].ID != id || channels[1].Target != "b@example.com, c@example.com" {
		t.Errorf("%+v", channels)
	}
	if list := must(t, data, "alert", "channels", "list"); strings.Contains(list, "whsec_") {
		t.Error(list)
	}
	mail := channels[1].ID
	must(t, data, "alert", "channels", "change", mail, "--to", "d@example.com", "--cc", "e@example.com",
		"--name", "night")
	must(t, data, "alert", "channels", "change", mail, "--cc", "")
	must(t, data, "alert", "channels", "change", id, "--url", "https://127.0.0.1:2/y")
	for _, arguments := range [][]string{
		{mail}, {mail, "--url", "https://example.com"}, {mail, "--to", "nobody"}, {mail, "--to", ""},
		{id, "--from", "a@example.com"}, {id, "--url", "ftp://example.com"}, {"channel-x", "--name", "y"},
	} {
		if out, err := run(data, append([]string{"alert", "channels", "change"}, arguments...)...); err == nil {
			t.Errorf("%q: %s", arguments, out)
		}
	}
	mustJSON(t, &channels, data, "alert", "channels", "list")
	if channels[1].Target != "d@example.com" || channels[1].Name != "night" ||
		channels[0].Target != "https://127.0.0.1:2/…" {
		t.Errorf("%+v", channels)
	}
	if _, err := run(data, "alert", "test", id); err == nil || !strings.Contains(err.Error(), "private address") {
		t.Error(err)
	}
	must(t, data, "alert", "channels", "remove", id)
	var events []alerts.Event
	mustJSON(t, &events, data, "alert", "list")
	var open []administration.OpenAlert
	mustJSON(t, &open, data, "alert", "list", "--open")
	if events == nil || len(events)+len(open) != 0 {
		t.Errorf("%+v, %+v", events, open)
	}
}
