package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/pages"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// desktops gives devices their seats of an item.
func (o *office) desktops(t testing.TB, names ...string) (devices []*servertest.Device) {
	t.Helper()
	for _, name := range names {
		device := o.device()
		request := device.Request("100001-warehouse")
		request.ChargeWay, request.Device.FriendlyName = protocol.ChargeWayDeviceCount, name
		must[*protocol.Authorization](t)(device.Authorize(request))
		devices = append(devices, device)
	}
	return devices
}

// Seats and devices are repaired on their pages; each page says what was done, and
// offers what can be done next.
func TestRepairs(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	d := o.desktops(t, "old <b>till</b>", "new till", "Erika's phone")
	old, next, phone := d[0].UUID, d[1].UUID, d[2].UUID
	adam, carl := o.signedIn(t, "adam"), o.signedIn(t, "carl")
	for _, step := range []struct {
		path, action, field, value string
		then, shown                string // "": a mistake, and what it says
	}{
		{"/devices/" + old, "move", "to", next, "/devices/" + old, "Moved: the other device has the seats now."},
		{"/devices/" + old, "move", "to", "nobody", "", "there is no device"},
		{"/items/desktops", "free", "device", next, "/items/desktops", "Freed: the seat is there"},
		{"/items/desktops", "free", "device", next, "", "has no seat of item desktops"},
		{"/devices/" + old, "block", "", "", "/devices/" + old, "It is blocked, and refused, since"},
		{"/devices/" + old, "unblock", "", "", "/devices/" + old, "Block it"},
		{"/devices/" + old, "merge", "into", old, "", "into itself"},
		{"/devices/" + old, "merge", "into", next, "/devices/" + next, "Also known as"},
		{"/devices/" + old, "separate", "", "", "/devices/" + old, "Merge it into another device"},
		{"/devices/" + phone, "erase", "", "", "", "be undone"},
		{"/devices/" + phone, "erase", "sure", "yes", "/devices/" + phone, "Its personal data were erased"},
	} {
		response, body := adam.post(t, step.path, url.Values{"action": {step.action}, step.field: {step.value}})
		if step.then != "" {
			if response.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: %d\n%s", step.action, response.StatusCode, body)
			}
			to := response.Header.Get("Location")
			_, body = adam.get(t, step.then+to[strings.Index(to, "?"):])
		}
		if !strings.Contains(body, step.shown) {
			t.Errorf("%s shows no %q", step.action, step.shown)
		}
		if strings.Contains(body, "<b>till") {
			t.Errorf("%s: a name is not escaped", step.action)
		}
	}
	if _, body := adam.get(t, "/devices/"+phone); strings.Contains(body, "Erika") {
		t.Error("the erased name is shown")
	}
	// A viewer of an organization learns only of devices that it authorized.
	foreign := must[administration.Page[administration.Device]](t)(o.desk.Devices(t.Context(), administration.Selection{
		Organizations: []string{"100002"},
	}))
	if err := o.desk.MergeDevice(t.Context(), foreign.Items[0].UUID, next); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/devices", "/devices/" + next} {
		if _, body := carl.get(t, path); strings.Contains(body, foreign.Items[0].UUID) {
			t.Errorf("%s tells of a device of another organization", path)
		}
	}
}

// A device's page says where each unit is that it recorded, and leads to what it counted.
func TestAccountOfDevices(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	olga, device, counted := o.signedIn(t, "olga"), "", int64(0)
	for _, each := range must[administration.Page[administration.Device]](t)(o.desk.Devices(t.Context(),
		administration.Selection{})).Items {
		if keys := must[[]store.DeviceKeyUse](t)(o.desk.DeviceKeys(t.Context(), each.UUID)); len(keys) == 1 &&
			keys[0].Accepted > 0 {
			device, counted = each.UUID, keys[0].Accepted
		}
	}
	if err := o.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE device_account SET recorded = ?, expired = 2, refused = 3, storage = 5
			WHERE device IN (SELECT id FROM device WHERE uuid = ?)`, counted+10+1007, device)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, body := olga.get(t, "/devices/"+device)
	for _, want := range []string{
		"<dt>Counted by this server</dt><dd>" + pages.Grouped(counted) + "</dd>",
		"<dt>Not here yet</dt><dd>" + "1\u202f007" + "</dd>",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("there is no %q", want)
		}
	}
	link := regexp.MustCompile(`statistics/reports\?[^"]*`).FindString(body)
	if response, body := olga.get(t, "/"+html.UnescapeString(link)); response.StatusCode != http.StatusOK ||
		!strings.Contains(body, device) {
		t.Errorf("%s leads to %d", link, response.StatusCode)
	}
}

// The pages of repaired devices, open, are whole in every look.
func TestRepairsLook(t *testing.T) {
	o, b := openLife(t)
	d := o.desktops(t, "old till", "new till", "phone")
	for _, err := range []error{
		o.desk.MergeDevice(t.Context(), d[2].UUID, d[1].UUID), o.desk.BlockDevice(t.Context(), d[0].UUID),
		o.desk.EraseDevice(t.Context(), d[1].UUID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	axe, folder := axeSource(t), pictures(t)
	b.signIn(t, o, "olga")
	for name, path := range map[string]string{
		"repair-blocked": "/devices/" + d[0].UUID, "repair-merged": "/devices/" + d[1].UUID,
		"repair-alias": "/devices/" + d[2].UUID, "repair-item": "/items/desktops", "repair-devices": "/devices",
	} {
		b.do(t, chromedp.Navigate(o.url+path))
		b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
		b.look(t, name, folder, axe)
	}
	b.do(t, chromedp.Navigate(o.url+"/devices/"+d[0].UUID))
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
	must[*network.Response](t)(chromedp.RunResponse(b.Context, chromedp.Click(chromedp.CSS(`button[value="erase"]`))))
	b.look(t, "confirm", folder, axe)
}
