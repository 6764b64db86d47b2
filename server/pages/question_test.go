package pages_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// why follows a link of a page that begins with a path, and gives the page it leads to.
func (v *visitor) why(t *testing.T, body, path string) string {
	t.Helper()
	link := regexp.MustCompile(`href="[./]*(` + path + `\?[^"]*)"`).FindStringSubmatch(body)
	if link == nil {
		t.Fatalf("nothing leads to %s:\n%s", path, body)
	}
	response, next := v.get(t, "/"+html.UnescapeString(link[1]))
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d\n%s", link[1], response.StatusCode, next)
	}
	return next
}

var counted = regexp.MustCompile(`<dt>Counted</dt><dd>([^<]*)<`)

// A figure of a day is answered down to reports in three clicks, and they add up to it;
// a customer gets no further than the own devices.
func TestWhyThisFigure(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	for _, name := range []string{"vera", "carl"} {
		v := o.signedIn(t, name)
		day := o.clock.Now().UTC().AddDate(0, 0, -3).Format(time.DateOnly)
		_, page := v.get(t, "/statistics?handshake=100001-warehouse&per=day&tz=UTC&from="+day+"&until="+day)
		figure := counted.FindStringSubmatch(page)
		devices := v.why(t, page, "statistics/devices")
		if got := counted.FindStringSubmatch(devices); got == nil || got[1] != figure[1] || got[1] == "0" {
			t.Errorf("%s: the day has %v, its devices %v", name, figure, got)
		}
		reports := v.why(t, devices, "statistics/reports")
		if !regexp.MustCompile(
			`data-label="Arrived"><time [^>]+>[^<]+</time> <small class="soft">revision 1<`).MatchString(reports) ||
			!strings.Contains(reports, `data-label="Revision">1<`) {
			t.Errorf("%s: it is not told when and as what a report arrived\n%s", name, reports)
		}
		rows := regexp.MustCompile(`data-label="Units">([0-9\x{202f}]+)<`).FindAllStringSubmatch(reports, -1)
		var sum, total int64
		number := func(text string) (n int64) {
			for _, digit := range strings.ReplaceAll(text, "\u202f", "") {
				n = 10*n + int64(digit-'0')
			}
			return n
		}
		for _, row := range rows {
			sum += number(row[1])
		}
		if total = number(counted.FindStringSubmatch(reports)[1]); sum != total || sum == 0 {
			t.Errorf("%s: %d reports add up to %d, not %d", name, len(rows), sum, total)
		}
	}
	carl, vera := o.signedIn(t, "carl"), o.signedIn(t, "vera")
	_, page := vera.get(t, "/statistics?handshake=100002-reader&range=30d")
	devices := vera.why(t, page, "statistics/devices")
	link := regexp.MustCompile(`href="[./]*(statistics/reports\?[^"]*)"`).FindStringSubmatch(devices)
	if response, _ := carl.get(t, "/"+html.UnescapeString(link[1])); response.StatusCode != http.StatusNotFound {
		t.Errorf("a customer sees another's reports: %d", response.StatusCode)
	}
	for path, want := range map[string]int{
		"/statistics/devices": 422, "/statistics/devices?start=1&end=x": 422, "/statistics/devices?start=-1&end=5": 422,
		"/statistics/devices?start=0&end=180&tz=moon": 422, "/statistics/devices?start=0&end=180&item=nothing": 404,
		"/statistics/reports?start=0&end=180": 404, "/statistics/devices?start=9&end=9": 422,
		"/statistics/devices?start=0&end=180": 200,
	} {
		if response, body := vera.get(t, path); response.StatusCode != want {
			t.Errorf("%s: %d, want %d\n%s", path, response.StatusCode, want, body)
		}
	}
}

// Days of any zone are asked for and answered, also one that the zone left out and one that
// does not begin at midnight.
func TestDaysOfAnyZone(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	v := o.signedIn(t, "carl")
	for _, days := range []string{
		"tz=Pacific/Apia&from=2011-12-29&until=2012-01-02", "tz=Pacific/Apia&from=2011-12-30&until=2011-12-31",
		"tz=America/Santiago&from=2026-09-05&until=2026-09-06",
	} {
		response, page := v.get(t, "/statistics?per=day&"+days)
		if response.StatusCode != http.StatusOK || !strings.Contains(page, `value="`+days[len(days)-10:]+`"`) {
			t.Errorf("%s: %d, or another last day", days, response.StatusCode)
		}
	}
}

// The statistics of several organizations show which used most, and add up to all; a customer sees
// the own one only. The month before is a period of its own.
func TestWhoUsedMost(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	rankings := regexp.MustCompile(`(?s)<h2 id="ranking-\d">([^<]*)</h2>.*?</section>`)
	rows := regexp.MustCompile(`data-label="Counted">([0-9\x{202f}]+)<`)
	number := func(text string) (n int) {
		for _, digit := range strings.ReplaceAll(text, "\u202f", "") {
			n = 10*n + int(digit-'0')
		}
		return n
	}
	for who, want := range map[string]int{"vera": 2, "carl": 0} {
		v := o.signedIn(t, who)
		_, page := v.get(t, "/statistics?range=90d")
		found := rankings.FindAllStringSubmatch(page, -1)
		if len(found) != want {
			t.Errorf("%s is shown %d rankings", who, len(found))
		}
		for _, ranking := range found {
			sum := 0
			for _, row := range rows.FindAllStringSubmatch(ranking[0], -1) {
				sum += number(row[1])
			}
			if total := number(counted.FindStringSubmatch(page)[1]); sum != total || sum == 0 {
				t.Errorf("%s, %s: %d of %d", who, ranking[1], sum, total)
			}
			if who == "carl" && (ranking[1] == "By organization" || strings.Contains(ranking[0], "100002")) {
				t.Errorf("a customer is told of others: %s", ranking[0])
			}
		}
		if _, page = v.get(t, "/statistics?handshake=100001-warehouse"); rankings.MatchString(page) {
			t.Error("a single code is ranked")
		}
		history := func(page string) string {
			return regexp.MustCompile(`All history: [0-9\x{202f}]+`).FindString(page)
		}
		now := o.clock.Now().UTC()
		first := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
		_, page = v.get(t, "/statistics?range=last-month&tz=UTC")
		if span := first.Format(time.DateOnly) + " – " +
			first.AddDate(0, 1, -1).Format(time.DateOnly); !strings.Contains(page, span) {
			t.Errorf("the month before is not %s", span)
		}
		if _, all := v.get(t, "/statistics"); history(page) == "" || history(page) != history(all) {
			t.Errorf("all history ends with the period: %s, not %s", history(page), history(all))
		}
	}
}
