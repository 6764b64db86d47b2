package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/simulation"
)

var figure = regexp.MustCompile(`Last 30 days</dt><dd>([^<]*)<`)

// Of a history with everything in it, each object has a page: devices with seats,
// clones, those that were only refused, items in each state.
func TestSimulatedHistory(t *testing.T) {
	o := openOffice(t)
	options := simulation.Options{Devices: 30, Days: 10, Seed: 1, Until: o.clock.Now()}
	if _, err := simulation.Run(t.Context(), o.desk.Store, options); err != nil {
		t.Fatal(err)
	}
	o.accounts(t)
	owner := o.signedIn(t, "olga")
	paths := []string{"/", "/statistics", "/items", "/codes", "/organizations", "/devices", "/denials",
		"/anomalies", "/audit"}
	all := administration.Selection{Limit: 200}
	for _, d := range must[administration.Page[administration.Device]](t)(o.desk.Devices(t.Context(), all)).Items {
		paths = append(paths, "/devices/"+d.UUID)
	}
	denials := must[[]string](t)(func() (list []string, err error) {
		page, err := o.desk.Denials(t.Context(), all)
		for _, d := range page.Items {
			list = append(list, "/devices/"+d.Device)
		}
		return list, err
	}())
	for _, i := range must[administration.Page[administration.Item]](t)(o.desk.Items(t.Context(), all)).Items {
		paths = append(paths, "/items/"+i.ID)
	}
	for _, c := range must[administration.Page[administration.Code]](t)(o.desk.Codes(t.Context(), all)).Items {
		paths = append(paths, "/codes/"+c.Code, "/codes/"+c.Code+"/key")
	}
	if len(denials) == 0 || len(paths) < 40 {
		t.Errorf("%d pages, %d refusals", len(paths), len(denials))
	}
	for _, path := range append(paths, denials...) {
		if response, body := owner.get(t, path); response.StatusCode != http.StatusOK ||
			strings.Contains(body, "of unlimited used") {
			t.Errorf("%s: %d\n%s", path, response.StatusCode, body)
		}
	}
	// A figure says what the chart beside it says.
	_, overview := owner.get(t, "/")
	said := figure.FindStringSubmatch(overview)
	if said == nil || !strings.Contains(overview, said[1]+" operations in 30 days") {
		t.Errorf("the figure of 30 days, %q, is not that of the chart\n%s", said, overview)
	}
}
