package api

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

func TestNetworks(t *testing.T) {
	for _, test := range []struct {
		from, forwarded string
		loopback        bool
		want            string
	}{
		{"203.0.113.7:1234", "", false, "203.0.113.0/24"},
		{"203.0.113.200:1", "198.51.100.1", false, "203.0.113.0/24"}, // what a client says of itself
		{"[2001:db8:1:2::3]:1", "", false, "2001:db8:1::/48"},
		{"[::ffff:203.0.113.7]:1", "", false, "203.0.113.0/24"},
		{"[fe80::1%eth0]:1", "", false, "fe80::/48"},
		{"127.0.0.1:1", "", false, ""},
		{"127.0.0.1:1", "", true, "127.0.0.0/24"},
		{"[::1]:1", "203.0.113.7", false, "203.0.113.0/24"},
		{"127.0.0.1:1", "192.0.2.1, 203.0.113.7", false, "203.0.113.0/24"},
		{"127.0.0.1:1", "nonsense", false, ""},
		{"@", "", false, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.RemoteAddr = test.from
		if test.forwarded != "" {
			r.Header.Set("X-Forwarded-For", test.forwarded)
		}
		if got := newLimiters(Limits{Loopback: test.loopback}).network(r); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

// A limit allows its burst, then its rate, to each name; says when to come again;
// and does not forget who keeps trying among many others.
func TestLimiter(t *testing.T) {
	l, now := newLimiter(2, 5), time.Unix(1_800_000_000, 0)
	take := func(name string) (n int) {
		for {
			err := l.take(name, now)
			if err == nil {
				n++
				continue
			}
			var later *limited
			if !errors.As(err, &later) || later.after <= 0 || later.after > time.Second ||
				protocol.StatusOf(err) != protocol.StatusRequestRateLimited {
				t.Fatal(err)
			}
			if left := l.left(name, now); left == nil {
				t.Fatal("there is something left")
			}
			return n
		}
	}
	if a, b := take("a"), take("b"); a != 10 || b != 10 {
		t.Errorf("%d and %d at once", a, b)
	}
	now = now.Add(3 * time.Second)
	if err := l.left("a", now); err != nil {
		t.Error(err)
	}
	if n := take("a"); n != 6 {
		t.Errorf("%d after 3 s", n)
	}
	for i := range 3 * maxLimited {
		_ = l.take(fmt.Sprint(i), now)
		_ = l.take("a", now)
	}
	if n := take("a"); n != 0 {
		t.Errorf("who keeps trying was forgotten: %d", n)
	}
	if err := newLimiter(0, 5).take("x", now); err != nil {
		t.Errorf("no limit: %v", err)
	}
}
