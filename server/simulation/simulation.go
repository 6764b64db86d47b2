// Package simulation fills a new License Tracking Server with a history: devices of several
// customers get authorizations and report usage for weeks, by the real protocol, in simulated time.
package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// What may be simulated.
const (
	MinDevices, MaxDevices = 20, 20_000
	MinDays, MaxDays       = 2, 365
)

// Options say what is simulated.
type Options struct {
	Devices, Days int
	// Seed chooses one of many histories: the same options give the same one.
	Seed uint64
	// Until is when it ends.
	Until time.Time
	// Progress, if set, is called with how much of the simulation is done, of how much: before the
	// start, at the end, and at least for each hundredth in between.
	Progress func(done, of int)
}

// Result says what happened.
type Result struct {
	Organizations int   `json:"organizations"`
	Devices       int   `json:"devices"`
	Requests      int64 `json:"requests"` // authorizations and batches
	Reports       int64 `json:"reports"`
	Operations    int64 `json:"operations"` // that were recorded and acknowledged
	Refusals      int64 `json:"refusals"`
}

// ErrNotNew is the error if a database is in use, because a history can't be removed again.
var ErrNotNew = errors.New(
	"there are organizations in this database already: name a new one, which the simulation makes")

// Check says what is wrong with the options, if anything is.
func (o Options) Check() error {
	if o.Devices < MinDevices || o.Devices > MaxDevices {
		return fmt.Errorf("%d devices are not from %d to %d", o.Devices, MinDevices, MaxDevices)
	}
	if o.Days < MinDays || o.Days > MaxDays {
		return fmt.Errorf("%d days are not from %d to %d", o.Days, MinDays, MaxDays)
	}
	return nil
}

// Run simulates into a store that is new.
func Run(ctx context.Context, s store.Store, options Options) (result Result, err error) {
	if err := options.Check(); err != nil {
		return result, err
	}
	p, err := newPlan(options)
	if err != nil {
		return result, err
	}
	w := &world{plan: p, begins: p.from.AddDate(0, 0, -1)}
	w.setNow(w.begins)
	desk := &administration.Administrator{Store: s, Now: w.now, Actor: "simulation"}
	found, err := desk.Organizations(ctx, administration.Selection{})
	if err != nil {
		return result, err
	}
	if len(found.Items) > 0 {
		return result, ErrNotNew
	}
	if err := w.sell(ctx, desk); err != nil {
		return result, err
	}
	lts, err := server.New(ctx, server.Config{Store: s, Now: w.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, lts.Shutdown(context.WithoutCancel(ctx))) }()
	if err := w.people(options.Seed, lts.Handler()); err != nil {
		return result, err
	}
	if err := w.live(ctx, options); err != nil {
		return result, err
	}
	return Result{
		Organizations: len(customers), Devices: len(p.members), Requests: w.requests.Load(), Reports: w.reports.Load(),
		Operations: w.operations.Load(), Refusals: w.refusals.Load(),
	}, nil
}

// world is a simulation in progress.
type world struct {
	plan    *plan
	begins  time.Time
	clock   atomic.Int64 // seconds since 1970
	players []*actor

	requests, reports, operations, refusals atomic.Int64
}

func (w *world) now() time.Time          { return time.Unix(w.clock.Load(), 0) }
func (w *world) setNow(moment time.Time) { w.clock.Store(moment.Unix()) }

// sell makes the customers, their codes and what they bought.
func (w *world) sell(ctx context.Context, desk *administration.Administrator) error {
	for _, c := range customers {
		if _, err := desk.NewOrganization(ctx, administration.OrganizationInput{ID: c.id, Name: c.name}); err != nil {
			return err
		}
		for i := range c.codes {
			kind := &c.codes[i]
			in := administration.CodeInput{Organization: c.id, Custom: kind.custom}
			if kind.domain != "" {
				in.ValidationFields = []string{kind.domain}
			}
			if _, err := desk.NewCode(ctx, in); err != nil {
				return err
			}
			starts, expires, quota := w.begins.Unix(), w.plan.until.AddDate(0, 0, -kind.ends).Unix(), w.quota(kind)
			if expires <= starts { // a short simulation
				expires = w.plan.from.Add(w.plan.until.Sub(w.plan.from) / 4).Unix()
			}
			if _, err := desk.NewItem(ctx, administration.ItemInput{
				ID: kind.item, Organization: c.id, ChargeWay: kind.way, Handshakes: []string{kind.full()},
				ItemFields: administration.ItemFields{
					Name: &kind.title, Quota: &quota, Products: &kind.products, StartsAt: &starts, ExpiresAt: &expires,
				},
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// quota is how much a customer bought, -1 for any number: a round number of which the right part is
// used in the end.
func (w *world) quota(kind *code) int64 {
	used := w.plan.total[kind.full()]
	if kind.way == "device" {
		used = w.plan.devices[kind.full()]
	}
	switch {
	case kind.quota > 0:
		return kind.quota
	case kind.fill == 0:
		return -1
	}
	exact := float64(used) / kind.fill
	unit := math.Pow(10, math.Max(0, math.Floor(math.Log10(exact))-2))
	return int64(math.Ceil(exact/unit) * unit)
}

// lanes is how many devices send at the same time: the server commits together what arrives
// together.
const lanes = 64

// live lets time pass.
func (w *world) live(ctx context.Context, options Options) error {
	sessions, all, told := w.plan.sessions, len(w.plan.sessions), -1
	tell := func() {
		done := all - len(sessions)
		if hundredth := 100 * done / max(all, 1); options.Progress != nil && hundredth > told {
			told = hundredth
			options.Progress(done, all)
		}
	}
	for tell(); len(sessions) > 0; tell() {
		now := sessions[0].sent
		n := 0
		for n < len(sessions) && sessions[n].sent.Equal(now) {
			n++
		}
		w.setNow(now)
		if err := w.hear(ctx, sessions[:n]); err != nil {
			return fmt.Errorf("at %s: %w", now.Format(time.RFC3339), err)
		}
		sessions = sessions[n:]
	}
	w.setNow(w.plan.until)
	return ctx.Err()
}

// hear sends sessions to the server, those of different lanes at the same time. Sessions whose
// order matters are in the same lane.
func (w *world) hear(ctx context.Context, sessions []session) error {
	queues := map[int][]*session{}
	var order []int
	for i := range sessions {
		lane := w.players[sessions[i].member].lane
		if queues[lane] == nil {
			order = append(order, lane)
		}
		queues[lane] = append(queues[lane], &sessions[i])
	}
	var (
		all   sync.WaitGroup
		slots = make(chan struct{}, lanes)
		mu    sync.Mutex
		first error
	)
	for _, lane := range order {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			for _, s := range queues[lane] {
				err := ctx.Err()
				if err == nil {
					err = w.players[s.member].perform(w, s)
				}
				if err != nil {
					mu.Lock()
					first = errors.Join(first, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
	return first
}

// people makes the devices.
func (w *world) people(seed uint64, handler http.Handler) error {
	for _, m := range w.plan.members {
		a, err := newActor(seed, m, w, handler)
		if err != nil {
			return err
		}
		w.players = append(w.players, a)
	}
	return nil
}
