package rest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// kept gives what the database holds of requests with an Idempotency-Key.
func (c *caller) kept(t *testing.T) (rows []string) {
	t.Helper()
	err := c.desk.Store.Query(t.Context(), "SELECT digest, request, answer FROM idempotency", nil,
		func(scan func(...any) error) error {
			var digest, request, answer string
			err := scan(&digest, &request, &answer)
			rows = append(rows, digest+" "+request+" "+answer)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A copy of the database tells neither what was asked nor what was answered: passwords
// and license keys are among that.
func TestIdempotencyKeepsSecrets(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	c.call(t, "POST", "organizations", `{"name": "Example"}`)
	body := `{"organization": "100001", "custom": "a", "sessionPassword": "correct horse"}`
	keyBody := `{"server": "https://lts.example.com", "sessionPassword": "correct horse"}`
	var key any
	for range 2 {
		if status, _, _ := c.call(t, "POST", "handshakes", body, "Idempotency-Key", "k"); status != 201 {
			t.Errorf("%d", status)
		}
		status, _, object := c.call(t, "POST", "handshakes/100001-a/key", keyBody, "Idempotency-Key", "l")
		if status != 200 || object["licenseKey"] == nil || key != nil && object["licenseKey"] != key {
			t.Errorf("%d, %v", status, object)
		}
		key = object["licenseKey"]
	}
	first := c.kept(t)
	if len(first) != 2 {
		t.Fatalf("%q", first)
	}
	// Nobody can try passwords on it without the token: with another one, all differs.
	c.as(t, administration.ScopeWrite, "")
	c.call(t, "POST", "handshakes/100001-a/key", keyBody, "Idempotency-Key", "l")
	parts := map[string]bool{}
	for _, row := range c.kept(t) {
		if strings.Contains(row, fmt.Sprint(key)) || strings.Contains(row, "100001") {
			t.Errorf("it is kept as %s", row)
		}
		for _, part := range strings.Fields(row) {
			if parts[part] {
				t.Errorf("%s is kept by two tokens", part)
			}
			parts[part] = true
		}
	}
}

// Of requests at once with one key, one changes something; and one whose answer was lost
// with the server is not carried out again, but answered by what is there.
func TestIdempotencyAtOnce(t *testing.T) {
	c := newCaller(t)
	c.as(t, administration.ScopeWrite, "")
	c.call(t, "POST", "organizations", `{"name": "Example"}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if status, _, _ := c.call(t, "POST", "organizations", `{"name": "Example"}`, "Idempotency-Key",
				"k"); status != 201 {
				t.Errorf("%d", status)
			}
		})
	}
	wg.Wait()
	count := func() int {
		page, err := c.desk.Organizations(t.Context(), administration.Selection{})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	if n := count(); n != 2 {
		t.Errorf("there are %d", n)
	}
	err := c.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE idempotency SET answer = ''")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	status, _, _ := c.call(t, "POST", "organizations", `{"name": "Example"}`, "Idempotency-Key", "k")
	if status != 201 || count() != 2 {
		t.Errorf("%d, %d", status, count())
	}
	// What failed may be tried again with the key.
	for _, want := range []int{404, 404} {
		if status, _, _ := c.call(t, "POST", "handshakes", `{"organization": "7", "custom": "a"}`, "Idempotency-Key",
			"m"); status != want {
			t.Errorf("%d", status)
		}
	}
}
