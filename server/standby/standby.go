// Package standby tells a standby server when to serve: when the main server does
// not answer its health check, and only then.
package standby

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How a standby server goes by the health checks of the main one.
const (
	// Interval is the time between two checks.
	Interval = time.Second
	// Timeout is how long the main server may take to answer one.
	Timeout = 2 * time.Second
	// TakeOver is how long all checks have to fail before the standby serves: a main
	// server that is started anew is back by then.
	TakeOver = 5 * time.Second
	// GiveBack is how long all checks have to succeed before it refuses again: a main
	// server that comes and goes is not relied on.
	GiveBack = 10 * time.Second
)

// Judge decides from health checks whether the standby serves. It begins with
// refusing: what was not seen for TakeOver is not known to be gone.
type Judge struct {
	serving bool
	since   time.Time // of the first check of a series that speaks for a change
}

// Judge takes in a check and tells whether the standby serves from now on.
func (j *Judge) Judge(at time.Time, mainServes bool) (serving bool) {
	if mainServes != j.serving { // it speaks for what is
		j.since = time.Time{}
		return j.serving
	}
	if j.since.IsZero() {
		j.since = at
	}
	needed := TakeOver
	if j.serving {
		needed = GiveBack
	}
	if at.Sub(j.since) >= needed {
		j.serving, j.since = !j.serving, time.Time{}
	}
	return j.serving
}

// CheckURL says what is wrong with the address of a main server.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not the base URL of a server; give for example https://lts.example.com", address)
	}
	return nil
}

// Watch looks after a main server until ctx ends. It calls serve with what it
// decides whenever that changes.
func Watch(ctx context.Context, address string, client *http.Client, log *slog.Logger, serve func(bool)) {
	address = strings.TrimSuffix(address, "/") + "/readyz"
	var judge Judge
	serving := false
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		err := check(ctx, client, address)
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
func check(ctx context.Context, client *http.Client, address string) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	// What it says matters to no one, but a connection that was read to the end is used again.
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered with HTTP status %d", response.StatusCode)
	}
	return nil
}
