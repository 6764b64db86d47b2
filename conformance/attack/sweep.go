package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"
)

// sweep is a number of attacks, and what came of them.
type sweep struct {
	options   options
	directory string
	templates map[string]*scene

	mu      sync.Mutex // guards what follows
	results []result
}

// result of one attack.
type result struct {
	Point    string    `json:"point"`
	Verdict  *verdict  `json:"verdict"`
	Evidence *evidence `json:"evidence"`
	Kept     string    `json:"kept,omitempty"` // the directory

	fault string
}

// run makes the sweep that the options ask for. code is 0 if the promise held.
func run(ctx context.Context, o options) (code int, err error) {
	fmt.Fprintln(os.Stderr, "seed", o.Seed)
	directory, err := os.MkdirTemp("", "openlts-attack-")
	if err != nil {
		return 2, err
	}
	// As the kernel names it.
	if directory, err = filepath.EvalSymlinks(directory); err != nil {
		return 2, err
	}
	s := &sweep{options: o, directory: directory, templates: map[string]*scene{}}
	defer s.clean()
	if err := s.prepare(ctx); err != nil {
		return 2, fmt.Errorf("preparing: %w", err)
	}
	all, err := s.points(ctx)
	if err != nil {
		return 2, err
	}
	if o.List {
		fmt.Printf("%s%7d  points\n", describe(all), len(all))
		return 0, nil
	}
	chosen, err := s.choose(all)
	if err != nil {
		return 2, err
	}
	began := time.Now()
	if err := s.attackAll(ctx, chosen); err != nil {
		return 2, err
	}
	return s.conclude(len(all), len(chosen), time.Since(began)), nil
}

// prepare makes the templates of all starts.
func (s *sweep) prepare(ctx context.Context) error {
	victim, err := filepath.Abs(s.options.Victim)
	if err != nil {
		return err
	}
	if _, err := os.Stat(victim); err != nil {
		return fmt.Errorf("%w (build/campaign attack builds what is needed)", err)
	}
	hold := 0
	if s.options.Control {
		hold = 100
	}
	now := time.Now().Truncate(time.Hour)
	if s.templates[empty], err = newScene(ctx, filepath.Join(s.directory, empty), victim, now, hold); err != nil {
		return err
	}
	if s.templates[left], err = s.templates[empty].copy(filepath.Join(s.directory, left)); err != nil {
		return err
	}
	s.templates[left].hold = 0
	err = s.templates[left].leave(ctx)
	s.templates[left].hold = hold
	s.templates[beside] = s.templates[left]
	return err
}

// points learns what points there are, by a run from each start that is only
// watched, and in which the judge must find nothing.
func (s *sweep) points(ctx context.Context) ([]point, error) {
	var all []point
	for _, start := range []string{empty, left, beside} {
		directory := filepath.Join(s.directory, "reference-"+start)
		e, a, err := s.stage(ctx, point{start: start}, directory)
		if err != nil {
			return nil, err
		}
		if v := judge(e); len(v.Violations) > 0 || v.Volatile > 0 || e.told() {
			return nil, fmt.Errorf("the judge finds something where nothing was attacked: %+v %+v", v, e)
		}
		all = append(all, points(start, a.directory, a.seen, s.options.Stride)...)
		fmt.Fprintf(os.Stderr, "start %s: %d system calls touch the directory, in %s\n", start, len(a.seen),
			e.Took.Round(time.Millisecond))
	}
	return all, nil
}

// choose is the choice of points that the options ask for.
func (s *sweep) choose(all []point) ([]point, error) {
	o := s.options
	if o.Point != "" {
		for _, p := range all {
			if p.String() == o.Point {
				return []point{p}, nil
			}
		}
		return nil, fmt.Errorf("there is no point %s", o.Point)
	}
	only, err := regexp.Compile(o.Only)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(p point) bool {
		return !only.MatchString(p.String())
	})
	chance := rand.New(rand.NewPCG(o.Seed, 0))
	if o.Points > 0 {
		return sample(all, o.Points, chance), nil
	}
	// Shuffled, so that what is left out when the time is over is left out everywhere.
	chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all, nil
}

// attackAll attacks at all points chosen, several at a time.
func (s *sweep) attackAll(ctx context.Context, chosen []point) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.MaxTime)
	defer cancel()
	whole := context.WithoutCancel(ctx) // an attack that began comes to its end
	todo := make(chan int)
	var working sync.WaitGroup
	failures := make([]error, s.options.Workers)
	for worker := range s.options.Workers {
		working.Go(func() {
			for n := range todo {
				if err := s.attack(whole, chosen[n], n); err != nil {
					failures[worker] = fmt.Errorf("%s: %w", chosen[n], err)
					cancel()
				}
			}
		})
	}
	progress := time.NewTicker(time.Minute)
	defer progress.Stop()
	for n := 0; n < len(chosen) && ctx.Err() == nil; {
		select {
		case todo <- n:
			n++
		case <-progress.C:
			fmt.Fprintf(os.Stderr, "%d of %d\n", n, len(chosen))
		case <-ctx.Done():
		}
	}
	close(todo)
	working.Wait()
	return errors.Join(failures...)
}

// attack is one attack with its judgement.
func (s *sweep) attack(ctx context.Context, p point, n int) error {
	directory := filepath.Join(s.directory, fmt.Sprintf("point-%d", n))
	e, _, err := s.stage(ctx, p, directory)
	if err != nil {
		return err
	}
	r := result{Point: p.String(), Verdict: judge(e), Evidence: e, fault: p.fault.name}
	if len(r.Verdict.Violations) > 0 && !s.options.Control || s.options.Keep {
		r.Kept = directory
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(directory, "result.json"), text, 0o600)
		}
		if err != nil {
			return err
		}
	} else if err := os.RemoveAll(directory); err != nil {
		return err
	}
	if !s.options.Control {
		for _, v := range r.Verdict.Violations {
			fmt.Fprintf(os.Stderr, "VIOLATION seed %d point %s (%s): %s: %s\n  noted %+v\n  settled %+v\n  kept %s\n",
				s.options.Seed,
				r.Point, e.Where, v.Kind, v.Text, e.Noted.Types, e.Settled.Accounts, r.Kept)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
	return nil
}

// stage lets an attack take place and gathers the evidence.
func (s *sweep) stage(ctx context.Context, p point, directory string) (*evidence, *assault, error) {
	place, err := s.templates[p.start].copy(directory)
	if err != nil {
		return nil, nil, err
	}
	running, err := place.serve(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer running.stop()
	e := &evidence{}
	var companion *victimRun
	proceed := func() (syscall.WaitStatus, error) { return 0, nil }
	if p.start == beside {
		companion = place.next("beside", running.address, place.now.Add(-3*time.Hour))
		if proceed, err = companion.begin(); err != nil {
			return nil, nil, err
		}
	}
	began := time.Now()
	victim := place.next("run", running.address, place.now.Add(-3*time.Hour))
	a := newAssault(place.data(), p)
	if e.Status, err = victim.attack(a.decide); err != nil && !hung(err) {
		_, another := proceed()
		return nil, nil, errors.Join(err, another)
	}
	e.Took, e.Hung, e.Reached, e.Where = time.Since(began), hung(err), a.hit, a.where
	if e.Accompanying, err = proceed(); err != nil {
		return nil, nil, err
	}
	place.hold = 0
	settler := place.next("settle", running.address, place.now.Add(-time.Hour))
	if e.Settling, err = settler.run(); err != nil {
		return nil, nil, err
	}
	var complaint string
	if e.Said, e.Complaints, err = victim.said(); err == nil {
		e.Settled, complaint, err = settler.said()
		e.Complaints += complaint
	}
	if err == nil && companion != nil {
		e.Beside, complaint, err = companion.said()
		e.Complaints += complaint
	}
	if err == nil {
		e.Noted, err = place.noted()
	}
	if err == nil {
		e.Server, err = running.counted(ctx)
	}
	return e, a, err
}

// clean removes the directory, but for what is to be kept.
func (s *sweep) clean() {
	kept := s.options.Keep
	for _, r := range s.results {
		kept = kept || r.Kept != ""
	}
	if kept {
		fmt.Fprintln(os.Stderr, "kept:", s.directory)
		return
	}
	_ = os.RemoveAll(s.directory)
}

// summary of a sweep.
type summary struct {
	Seed       uint64         `json:"seed"`
	Points     int            `json:"points"` // there are
	Chosen     int            `json:"chosen"`
	Attacked   int            `json:"attacked"`
	Reached    int            `json:"reached"`
	Killed     int            `json:"killed"`
	Volatile   int            `json:"volatile"` // attacks in which usage in memory, told to be there, was lost
	Violations int            `json:"violations"`
	Slow       int            `json:"slow"` // attacks in which the victim took longer than some seconds
	Slowest    float64        `json:"slowestSeconds"`
	Seconds    float64        `json:"seconds"`
	Faults     map[string]int `json:"faults"`
	Results    []result       `json:"results,omitempty"` // those worth a look
}

// slow is how long a victim may take without being listed.
const slow = 10 * time.Second

// conclude prints what came of it; the answer is the exit code.
func (s *sweep) conclude(all, chosen int, took time.Duration) int {
	sum := summary{Seed: s.options.Seed, Points: all, Chosen: chosen, Attacked: len(s.results), Seconds: took.Seconds(),
		Faults: map[string]int{}}
	losses := 0
	for _, r := range s.results {
		sum.Faults[r.fault]++
		sum.Slowest = max(sum.Slowest, r.Evidence.Took.Seconds())
		count := func(when bool, n *int) {
			if when {
				*n++
			}
		}
		count(r.Evidence.Reached, &sum.Reached)
		count(r.Evidence.Status.Signaled(), &sum.Killed)
		count(r.Verdict.Volatile > 0, &sum.Volatile)
		count(len(r.Verdict.Violations) > 0, &sum.Violations)
		for _, v := range r.Verdict.Violations {
			count(v.Kind == loss, &losses)
		}
		count(r.Evidence.Took > slow, &sum.Slow)
		if len(r.Verdict.Violations) > 0 || r.Evidence.Took > slow {
			sum.Results = append(sum.Results, r)
		}
	}
	slices.SortFunc(sum.Results, func(a, b result) int { return cmp.Compare(a.Point, b.Point) })
	sum.print(s.options.JSON)
	if s.options.Control {
		fmt.Printf("negative control: %d losses were found\n", losses)
		if losses > 0 {
			return 0
		}
		return 1
	}
	if sum.Violations > 0 {
		return 1
	}
	return 0
}

func (s *summary) print(asJSON bool) {
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(s)
		return
	}
	fmt.Printf("seed %d: %d points, %d chosen, %d attacked in %.0f s (%d reached), the slowest in %.1f s\n",
		s.Seed, s.Points, s.Chosen, s.Attacked, s.Seconds, s.Reached, s.Slowest)
	for _, name := range slices.Sorted(maps.Keys(s.Faults)) {
		fmt.Printf("  %6d %s\n", s.Faults[name], name)
	}
	for _, r := range s.Results {
		if r.Evidence.Took > slow {
			fmt.Printf("took %.1f s, and %q alone %.1f s: %s\n", r.Evidence.Took.Seconds(),
				r.Evidence.Said.Longest.Doing, r.Evidence.Said.Longest.Seconds, r.Point)
		}
	}
	fmt.Printf("victims killed %d, usage lost that was told to be in memory %d, VIOLATIONS %d\n", s.Killed,
		s.Volatile, s.Violations)
}
