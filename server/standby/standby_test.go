package standby_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openlts/openlts/server/standby"
)

// Each letter is a check, a second after the one before: '.' succeeds, 'x' fails. The
// standby serves where the second line has an 's'.
func TestJudge(t *testing.T) {
	for name, test := range map[string][2]string{
		"main works":              {"..........", "          "},
		"main is gone":            {"xxxxxxxxxx", "     sssss"},
		"started anew":            {"..xxxxx...", "          "},
		"a check now and then":    {"xxxx.xxxx.", "          "},
		"main comes back":         {"xxxxxx.............x", "     sssssssssss    "},
		"main comes and goes":     {"xxxxxx.....x.....x..", "     sssssssssssssss"},
		"gone for a second time":  {"xxxxxx...........xxxxxxx", "     sssssssssss      ss"},
		"main is gone at a start": {"x.xxxxxxx", "       ss"},
	} {
		t.Run(name, func(t *testing.T) {
			judge := standby.Judge{Patience: standby.Usual()}
			var got strings.Builder
			at := time.Unix(1_700_000_000, 0)
			for _, check := range test[0] {
				if judge.Judge(at, check == '.') {
					got.WriteByte('s')
				} else {
					got.WriteByte(' ')
				}
				at = at.Add(time.Second)
			}
			if got.String() != test[1] {
				t.Errorf("%q: it serves at %q, not %q", test[0], got.String(), test[1])
			}
		})
	}
}

func TestPatience(t *testing.T) {
	for _, test := range []struct {
		standby.Patience
		valid bool
	}{
		{standby.Usual(), true}, {standby.Patience{TakeOver: 100 * time.Millisecond, GiveBack: time.Hour}, true},
		{standby.Patience{}, false}, {standby.Patience{TakeOver: time.Second, GiveBack: -time.Second}, false},
		{standby.Patience{TakeOver: 2 * time.Hour, GiveBack: time.Second}, false},
	} {
		if err := test.Check(); (err == nil) != test.valid {
			t.Errorf("%+v: %v", test.Patience, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for address, want := range map[string]bool{
		"https://lts.example.com": true, "http://127.0.0.1:48080/": true, "https://example.com/lts/": true,
		"": false, "lts.example.com": false, "ftp://x": false, "http://": false, "http://user:password@x": false,
		"http://x/?a=b": false, "http://x/#a": false,
	} {
		if err := standby.CheckURL(address); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// answers are those of a main server that serves, and of one that does not.
var answers = map[bool]string{true: `{"status": "ok"}`, false: `{"status": "ok", "refuses": "maintenance"}`}

// The standby takes over from a server that answers, but is not ready, or refuses.
func TestWatch(t *testing.T) {
	var ready atomic.Bool
	ready.Store(true)
	var checks atomic.Int64
	mainServer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checks.Add(1)
		if r.URL.Path != "/lts/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if checks.Load()%2 == 0 || ready.Load() {
			_, _ = w.Write([]byte(answers[ready.Load()]))
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer mainServer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	serves := make(chan bool, 10)
	ended := make(chan struct{})
	go func() {
		standby.Watch(ctx, mainServer.URL+"/lts/",
			standby.Patience{TakeOver: 200 * time.Millisecond, GiveBack: 200 * time.Millisecond}, http.DefaultClient,
			slog.New(slog.DiscardHandler), func(serve bool) { serves <- serve })
		close(ended)
	}()
	for checks.Load() < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	ready.Store(false)
	if !<-serves {
		t.Error("it refuses although the main server is gone")
	}
	ready.Store(true)
	if <-serves {
		t.Error("it serves although the main server is back")
	}
	cancel()
	<-ended
}
