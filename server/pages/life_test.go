package pages_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// From the first start to the first barcode counted, as a person goes: by the link that
// the first start prints, and what the pages say next.
func TestFirstFiveMinutes(t *testing.T) {
	o := openOffice(t)
	link := must[string](t)(o.desk.SetUpLink(t.Context()))
	b := openBrowser(t)
	press := func(button string) {
		t.Helper()
		if _, err := chromedp.RunResponse(b.Context, chromedp.Click(chromedp.CSS(button))); err != nil {
			t.Fatal(err)
		}
	}
	sees := func(text string) {
		t.Helper()
		body := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string]("document.body.innerText")))
		if !strings.Contains(body, text) {
			t.Errorf("%q is not on the page:\n%s", text, body)
		}
	}
	b.do(t, chromedp.Navigate(o.url+"/set-up?token="+link), chromedp.SendKeys(chromedp.ID("f-name"), "olga"),
		chromedp.SendKeys(chromedp.ID("f-password"), password), chromedp.SendKeys(chromedp.ID("f-again"), password))
	press("button.primary")
	sees("Welcome")
	b.do(t, chromedp.SendKeys(chromedp.ID("f-name"), "Example Corp"))
	press("button.primary")
	sees("Where do devices reach this server?")
	press("button[value=make]")
	sees("LTS1")
	sees("from_key")

	device := o.device()
	request := device.Request("100001-reader")
	request.Device.FriendlyName = "Gate 1"
	granted := must[*protocol.Authorization](t)(device.Authorize(request))
	slot := o.clock.Now().Unix() / 180 * 180
	must[*protocol.Receipt](t)(device.Report(device.Batch(protocol.ReportGroup{
		Run: uuid.NewString(), HandshakeCode: "100001-reader", Item: granted.Item.ID, SlotSeconds: 180,
		Reports: []protocol.Report{{Slot: slot, Revision: 1, Counts: map[string]int64{"QR_CODE": 4711}}},
	})))
	b.do(t, chromedp.Navigate(o.url+"/devices"))
	sees("Gate 1")
	b.do(t, chromedp.Navigate(o.url+"/statistics?range=7d"))
	sees("4\u202f711")
	sees("QR_CODE")
	b.quiet(t)
	press("button[value=sign-out]")
	sees("You are signed out")
}
