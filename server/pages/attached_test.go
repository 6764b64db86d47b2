package pages_test

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// followed reads all pages of a list in a page, from an address on, and returns what links of theirs
// name, in order, and how long the longest page is.
func followed(t *testing.T, v *visitor, path string, link *regexp.Regexp) (names []string, longest int) {
	t.Helper()
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`)
	for pages := 0; ; pages++ {
		response, body := v.get(t, path)
		if response.StatusCode != http.StatusOK || pages > 100 {
			t.Fatalf("%s: %d, page %d", path, response.StatusCode, pages)
		}
		longest = max(longest, len(body))
		for _, found := range link.FindAllStringSubmatch(body, -1) {
			names = append(names, found[1])
		}
		found := next.FindStringSubmatch(body)
		if found == nil {
			return names, longest
		}
		at, err := url.Parse(html.UnescapeString(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		path = strings.TrimSuffix(path[:strings.IndexAny(path+"?", "?")], "?") + "?" + at.RawQuery
	}
}

// A code with thousands of items, and an item with hundreds of codes, show all of them, page by page,
// in the order of use, and take on others by their names.
func TestManyItemsOfACode(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	const items, codes = 2205, 205
	if err := o.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		err := tx.AddHandshakeCode(store.HandshakeCode{Code: "100001-many", Organization: "100001"})
		code, codeErr := tx.HandshakeCode("100001-many")
		if err = errors.Join(err, codeErr); err != nil {
			return err
		}
		for n := range items {
			id := fmt.Sprintf("many-%04d", n)
			err := tx.AddItem(store.Item{ID: id, Name: fmt.Sprint("Many ", n%7), Organization: "100001", Quota: 5,
				ChargeWay: protocol.ChargeWayScanCount, ExpiresAt: 1 << 40})
			item, itemErr := tx.Item(id)
			if err = errors.Join(err, itemErr, tx.AttachItem(code.Key, item.Key, int64(items-n))); err != nil {
				return err
			}
			if n >= codes {
				continue
			}
			name := fmt.Sprintf("100001-one%03d", n)
			if err := tx.AddHandshakeCode(store.HandshakeCode{Code: name, Organization: "100001"}); err != nil {
				return err
			}
			own, ownErr := tx.HandshakeCode(name)
			first, firstErr := tx.Item("many-0000")
			if err := errors.Join(ownErr, firstErr, tx.AttachItem(own.Key, first.Key, 0)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	adam := o.signedIn(t, "adam")
	const enough = 100_000
	first := func(of string) *regexp.Regexp {
		return regexp.MustCompile(`<th scope="row"><a href="[^"]*` + of + `/([^"]+)"`)
	}
	names, longest := followed(t, adam, "/codes/100001-many", first("items"))
	want := make([]string, items)
	for n := range want {
		want[n] = fmt.Sprintf("many-%04d", items-1-n)
	}
	if !slices.Equal(names, want) || longest > enough {
		t.Errorf("%d items, %q first; a page has %d bytes", len(names), names[:min(3, len(names))], longest)
	}
	names, longest = followed(t, adam, "/items/many-0000", first("codes"))
	if len(names) != codes+1 || len(slices.Compact(slices.Sorted(slices.Values(names)))) != codes+1 ||
		longest > enough {
		t.Errorf("%d codes; a page has %d bytes", len(names), longest)
	}
	if _, longest := followed(t, adam, "/codes?q=100001-many", first("codes")); longest > enough {
		t.Errorf("the list of codes has %d bytes", longest)
	}
	for _, after := range []string{"-1", "2205", "99999999999999999999", "x"} {
		if response, body := adam.get(t, "/codes/100001-many?after="+after); response.StatusCode != http.StatusOK ||
			!strings.Contains(body, "many-2204") {
			t.Errorf("after %s: %d", after, response.StatusCode)
		}
	}
	response, _ := adam.post(t, "/codes/100001-one000", url.Values{"action": {"attach"}, "item": {" many-1999 "}})
	if _, body := adam.get(t, "/codes/100001-one000"); response.StatusCode != http.StatusSeeOther ||
		!strings.Contains(body, "items/many-1999") {
		t.Errorf("%d: the item is not attached", response.StatusCode)
	}
	if response, body := adam.post(t, "/codes/100001-one000", url.Values{"action": {"attach"},
		"item": {"nothing"}}); response.StatusCode != http.StatusNotFound || !strings.Contains(body, "nothing") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
