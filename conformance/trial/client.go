package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ClientOptions say which client is judged, and how.
type ClientOptions struct {
	// Listener is where the client finds the servers of the scenarios. It is closed.
	Listener net.Listener
	// URL is how the client reaches it; "": by the listener's address.
	URL string
	// Driver is a command that drives the client (see the type driver); none: somebody
	// does by hand what Instructions say, until the context ends.
	Driver       []string
	Instructions io.Writer
	// Log gets what drivers write to their standard error.
	Log io.Writer
	// Only are the scenarios to play, by their ids; none: all.
	Only []string
}

// Client judges a client. The error is that of options which can't be played with; what is
// wrong with the client is in the report.
func Client(ctx context.Context, o ClientOptions) (*Report, error) {
	if o.URL == "" {
		o.URL = "http://" + o.Listener.Addr().String()
	}
	o.URL = strings.TrimRight(o.URL, "/")
	scenes, err := chosen(o.Only)
	if err != nil {
		_ = o.Listener.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	referees := make([]*referee, len(scenes))
	for i := range scenes {
		if referees[i], err = newReferee(o.URL+"/"+scenes[i].id, &scenes[i], time.Now); err != nil {
			_ = o.Listener.Close()
			return nil, err
		}
		mux.Handle("/"+scenes[i].id+"/", http.StripPrefix("/"+scenes[i].id, referees[i]))
	}
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // of connections that came to nothing
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(o.Listener) }()
	defer func() { _ = server.Close() }()

	report := &Report{Judged: "client"}
	if len(o.Driver) == 0 {
		for _, f := range referees {
			if _, err := io.WriteString(o.Instructions, f.instructions()); err != nil {
				return nil, err
			}
		}
		select {
		case <-ctx.Done():
		case err := <-serving:
			return nil, err
		}
		for _, f := range referees {
			skipped := ""
			if !f.visited() {
				skipped = "no client came to " + f.base
			}
			report.add(f.scene.id, f.scene.text, skipped, f.verdict(expected(f.scene.acts)))
		}
		return report, nil
	}
	for _, f := range referees {
		did, err := f.play(ctx, &o)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		report.add(f.scene.id, f.scene.text, "", errors.Join(err, f.verdict(did)))
	}
	return report, nil
}

// chosen are the scenarios of these ids; all, if there are none.
func chosen(ids []string) ([]clientScene, error) {
	if len(ids) == 0 {
		return clientScenes, nil
	}
	var scenes []clientScene
	for _, id := range ids {
		found := false
		for _, s := range clientScenes {
			if s.id == id {
				scenes, found = append(scenes, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no scenario %q", id)
		}
	}
	return scenes, nil
}

// standby is the base URL of the standby server; "-" if there is none.
func (f *referee) standby() string {
	if f.scene.standby {
		return f.base + atStandby
	}
	return "-"
}

// recorded is what an act records.
func recorded(do string) (name string, count int64) {
	words := strings.Fields(do)
	if len(words) == 3 && words[0] == "record" {
		count, _ = strconv.ParseInt(words[2], 10, 64) // ours
		return words[1], count
	}
	return "", 0
}

// expected is what is recorded if all goes as it is to.
func expected(acts []act) map[string]int64 {
	did := map[string]int64{}
	for _, a := range acts {
		if name, n := recorded(a.do); n > 0 && a.want == "ok" {
			did[name] += n
		}
	}
	return did
}

// play has a driver act, and gives what it recorded. The error is what it did otherwise
// than it was to.
func (f *referee) play(ctx context.Context, o *ClientOptions) (did map[string]int64, err error) {
	did = map[string]int64{}
	directory, err := os.MkdirTemp("", "openlts-conformance-")
	if err != nil {
		return did, err
	}
	defer func() { _ = os.RemoveAll(directory) }() // temporary
	var d *driver
	finish := func() error {
		if d == nil {
			return nil
		}
		running := d
		d = nil
		return running.end()
	}
	defer func() { err = errors.Join(err, finish()) }()
	for i, a := range f.scene.acts {
		switch a.do {
		case "start":
			if err := finish(); err != nil {
				return did, err
			}
			if d, err = startDriver(ctx, o.Driver, o.Log); err != nil {
				return did, err
			}
			continue
		case "kill":
			d.kill()
			d = nil
			continue
		}
		line := a.do
		if line == "open" {
			line = fmt.Sprintf("open %s %s %s %s", f.base, f.standby(), ClientCode, filepath.Join(directory, "data"))
		}
		ended, err := d.tell(line)
		if err != nil { // who does not answer may not end, either
			d.kill()
			d = nil
			return did, err
		}
		if name, n := recorded(a.do); n > 0 && ended == "ok" && a.want == "ok" {
			did[name] += n
		}
		if a.want != "" && ended != a.want {
			return did, fmt.Errorf("act %d, %s, ended with %s, and should with %s", i+1, a.do, ended, a.want)
		}
	}
	return did, nil
}

// visited tells whether a client came at all.
func (f *referee) visited() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests) > 0
}

// verdict is what is wrong after a client recorded this.
func (f *referee) verdict(did map[string]int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, wrong := range f.books.wrong {
		errs = append(errs, errors.New(wrong))
	}
	if f.scene.nothing {
		did = map[string]int64{}
	}
	if counted := f.books.counted(); !maps.Equal(counted, did) {
		errs = append(errs, fmt.Errorf("%v was accepted, and should be %v", counted, did))
	}
	if f.scene.check != nil {
		errs = append(errs, f.scene.check(f))
	}
	return errors.Join(errs...)
}

// instructions say what to do by hand.
func (f *referee) instructions() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n  main server %s", f.scene.id, f.scene.text, f.base)
	if f.scene.standby {
		fmt.Fprintf(&b, ", standby %s", f.standby())
	}
	fmt.Fprintf(&b, ", handshake code %s, a data directory of its own\n ", ClientCode)
	for _, a := range f.scene.acts {
		fmt.Fprintf(&b, " %s", a.do)
		if strings.HasPrefix(a.want, "-") {
			fmt.Fprintf(&b, " (fails with %s)", a.want)
		}
		b.WriteString(";")
	}
	return strings.TrimSuffix(b.String(), ";") + "\n"
}
