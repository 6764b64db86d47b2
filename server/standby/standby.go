// Package standby decides when a standby server serves: only while the main server does not answer
// its health check.
package standby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Patience is how long a standby server waits before it begins or stops serving.
type Patience struct {
	// TakeOver is how long all checks have to fail before the standby server serves: a main server
	// that is restarted is back by then.
	TakeOver time.Duration
	// GiveBack is how long all checks have to succeed before it refuses again: an unstable main
	// server must not count as back.
	GiveBack time.Duration
}

// Usual is the patience that suits most.
func Usual() Patience { return Patience{TakeOver: 5 * time.Second, GiveBack: 10 * time.Second} }

// Check says what is wrong with it.
func (p Patience) Check() error {
	for _, d := range []time.Duration{p.TakeOver, p.GiveBack} {
		if d < 100*time.Millisecond || d > time.Hour {
			return fmt.Errorf("a standby server waits from 100ms to 1h, not %v", d)
		}
	}
	return nil
}

// interval is the time between two checks, and timeout how long one may take: several fit into the
// shorter of both times.
func (p Patience) interval() (interval, timeout time.Duration) {
	shorter := min(p.TakeOver, p.GiveBack)
	return min(time.Second, shorter/5), min(2*time.Second, shorter)
}

// Judge decides from health checks whether the standby server serves. It begins by refusing,
// because a few failed checks do not prove that the main server is down.
type Judge struct {
	Patience
	serving bool
	since   time.Time // of the first check in a series that suggests a change
}

// Judge processes a check and returns whether the standby server serves from now on.
func (j *Judge) Judge(at time.Time, mainServes bool) (serving bool) {
	if mainServes != j.serving { // it confirms the present state
		j.since = time.Time{}
		return j.serving
	}
	if j.since.IsZero() {
		j.since = at
	}
	needed := j.TakeOver
	if j.serving {
		needed = j.GiveBack
	}
	if at.Sub(j.since) >= needed {
		j.serving, j.since = !j.serving, time.Time{}
	}
	return j.serving
}

// CheckURL says what is wrong with the address of a main server.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return fmt.Errorf("%q is not the base URL of a server; give for example https://lts.example.com", address)
	}
	return nil
}

// Watch checks a main server until ctx ends. It calls serve whenever its decision changes.
func Watch(ctx context.Context, address string, patience Patience, client *http.Client, log *slog.Logger,
	serve func(bool)) {
	address = strings.TrimSuffix(address, "/") + "/readyz"
	judge := Judge{Patience: patience}
	serving := false
	interval, timeout := patience.interval()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := check(ctx, client, address, timeout)
		if ctx.Err() != nil {
			return
		}
		if now := judge.Judge(time.Now(), err == nil); now != serving {
			serving = now
			if serving {
				log.Warn("the main server does not answer: the standby serves", "check", address, "error", err)
			} else {
				log.Info("the main server answers again: the standby refuses", "check", address)
			}
			serve(serving)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// check asks a server whether it is ready.
func check(ctx context.Context, client *http.Client, address string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered with HTTP status %d", response.StatusCode)
	}
	var answer struct {
		Status  string `json:"status"`
		Refuses string `json:"refuses"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "ok" {
		return errors.New("it does not answer as a License Tracking Server does")
	}
	if answer.Refuses != "" {
		return fmt.Errorf("it refuses to serve: %.40q", answer.Refuses)
	}
	return nil
}
