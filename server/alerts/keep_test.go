package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

// Of alerts that are not over, the newest are those that all begin with, each with the last that was
// said of it, and there are as many as are counted.
func TestTheNewestAlerts(t *testing.T) {
	s, random := teststore.New(t), rand.New(rand.NewPCG(1, 2))
	counts, ringing, said := map[alerts.Kind]int64{}, 0, map[string]string{}
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		for n, since := range random.Perm(300) {
			kind, subject := []alerts.Kind{alerts.Quota, alerts.Expiry, alerts.Loss}[n%3], fmt.Sprint("s", n/2)
			if since%4 == 0 {
				since = 0 // it is over
			} else {
				counts[kind]++
				ringing++
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO alert_state (kind, subject, level, period, value, since)
				VALUES (?, ?, 75, 'p', 76, ?)`, string(kind), subject, since); err != nil {
				return err
			}
			for range n % 4 { // some have no event left
				text := fmt.Sprint(random.Int64())
				if err := alerts.AddEvents(t.Context(), tx, []alerts.Event{{Kind: kind, Subject: subject,
					Organization: "100001", Text: text}}); err != nil {
					return err
				}
				said[string(kind)+subject] = text
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all, err := alerts.Open(t.Context(), s, 0)
	if err != nil || len(all) != ringing {
		t.Fatalf("%d, not %d: %v", len(all), ringing, err)
	}
	for n, a := range all {
		if n > 0 && a.Since > all[n-1].Since || a.Text != said[string(a.Kind)+a.Subject] || a.Value != 76 {
			t.Errorf("%d: %+v", n, a)
		}
	}
	for _, most := range []int{1, 5, ringing, 1000} {
		some, err := alerts.Open(t.Context(), s, most)
		if err != nil || !reflect.DeepEqual(some, all[:min(most, ringing)]) {
			t.Errorf("%d: %+v, %v", most, some, err)
		}
	}
	if got, err := alerts.CountOpen(t.Context(), s); err != nil || !reflect.DeepEqual(got, counts) {
		t.Errorf("%v, not %v: %v", got, counts, err)
	}
}
