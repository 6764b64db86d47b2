package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/openlts/openlts/conformance/attack/tracer"
)

// fault is what is done to a system call.
type fault struct {
	name  string
	fate  tracer.Fate
	errno syscall.Errno
}

// faults of a call: what can happen to it in reality.
func faults(c tracer.Call) []fault {
	all := []fault{{"killed-before", tracer.Before, 0}}
	fails := func(errors ...syscall.Errno) {
		for _, errno := range errors {
			all = append(all, fault{errorName(errno), tracer.Fails, errno})
		}
	}
	killedAfter := fault{"killed-after", tracer.After, 0}
	// A network file system says that it failed although it was done.
	doubtful := fault{"doubtful-EIO", tracer.Doubtful, syscall.EIO}
	switch c.Class {
	case tracer.Open:
		fails(syscall.EIO, syscall.EMFILE)
		if c.Creates {
			fails(syscall.ENOSPC)
			all = append(all, killedAfter)
		}
	case tracer.Read:
		fails(syscall.EIO)
		if c.Bytes > 1 {
			all = append(all, fault{"short", tracer.Short, 0})
		}
	case tracer.Write:
		fails(syscall.EIO, syscall.ENOSPC)
		all = append(all, doubtful, killedAfter)
		if c.Bytes > 1 {
			all = append(all, fault{"short", tracer.Short, 0}, fault{"torn", tracer.Torn, 0}, fault{
				diskFills, tracer.Short, 0,
			})
		}
	case tracer.Sync:
		fails(syscall.EIO)
		all = append(all, killedAfter)
	case tracer.Lock:
		if !c.Unlocks { // giving a lock back does not fail
			fails(syscall.ENOLCK)
		}
		all = append(all, killedAfter)
	case tracer.Map:
		fails(syscall.ENOMEM, syscall.ENODEV)
	case tracer.Name:
		fails(syscall.EIO, syscall.ENOSPC)
		all = append(all, doubtful, killedAfter)
	case tracer.Look:
		fails(syscall.EIO)
	case tracer.Close:
		all = append(all, doubtful) // it is closed whatever it says
	}
	return all
}

// diskFills is the fault of a write that is done in half because the disk is
// full then.
const diskFills = "fills"

// lasting faults: from one call on, each of its class fails.
var lasting = map[tracer.Class][]syscall.Errno{
	tracer.Open:  {syscall.EIO, syscall.EMFILE},
	tracer.Read:  {syscall.EIO},
	tracer.Write: {syscall.ENOSPC, syscall.EIO},
	tracer.Sync:  {syscall.EIO},
	tracer.Lock:  {syscall.ENOLCK}, // a network file system without locks
	tracer.Map:   {syscall.ENODEV},
	tracer.Name:  {syscall.EROFS},
	tracer.Look:  {syscall.EIO},
	anything:     {syscall.EIO},
}

// anything is the class of all calls that a disk which is gone fails.
const anything tracer.Class = "anything"

// classes are those a call counts in.
func classes(c tracer.Call) []tracer.Class {
	switch c.Class {
	case tracer.Lock:
		if c.Unlocks {
			return nil
		}
		return []tracer.Class{c.Class}
	case tracer.Map, tracer.Close: // the disk is not asked
		return []tracer.Class{c.Class}
	default:
		return []tracer.Class{c.Class, anything}
	}
}

func errorName(errno syscall.Errno) string {
	for name, known := range map[string]syscall.Errno{"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC,
		"EMFILE": syscall.EMFILE,
		"ENOLCK": syscall.ENOLCK, "ENOMEM": syscall.ENOMEM, "ENODEV": syscall.ENODEV, "EROFS": syscall.EROFS} {
		if known == errno {
			return name
		}
	}
	return fmt.Sprintf("errno-%d", int(errno))
}

// point is where a run is attacked, and how.
type point struct {
	start string // from what directory: empty, left, or beside another process
	// call and file say which calls are counted; file is "*" for all of a class,
	// and call is the class then.
	call, file string
	number     int // of the call, from 1
	fault      fault
}

func (p point) String() string {
	return fmt.Sprintf("%s/%s/%s/%d/%s", p.start, p.call, p.file, p.number, p.fault.name)
}

// stratum is what points have in common that differ by the number only.
func (p point) stratum() string {
	return fmt.Sprintf("%s/%s/%s/%s", p.start, p.call, p.file, p.fault.name)
}

// anyFile stands for all files.
const anyFile = "*"

// named is the name calls are counted under.
func named(c tracer.Call) string {
	if c.Unlocks {
		return c.Name + "-unlock"
	}
	return c.Name
}

// random matches what is made up anew in the names of files.
var random = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{4,}(T[0-9.]+)?`)

// kind is the name of a file in the directory without what is random in it.
func kind(directory, path string) string {
	name, err := filepath.Rel(directory, path)
	if err != nil {
		return path
	}
	return random.ReplaceAllString(name, "*")
}

// assault decides about the calls of one run.
type assault struct {
	directory string
	point     point
	counts    map[string]int
	hit       bool          // the point was reached
	where     string        // the call at which it was
	seen      []tracer.Call // all calls
}

func newAssault(directory string, p point) *assault {
	return &assault{directory: directory, point: p, counts: map[string]int{}}
}

// decide is called for each call, in their order.
func (a *assault) decide(c tracer.Call) tracer.Decision {
	a.seen = append(a.seen, c)
	keys := []string{named(c) + "/" + kind(a.directory, c.Path)}
	for _, class := range classes(c) {
		keys = append(keys, string(class)+"/"+anyFile)
	}
	for _, key := range keys {
		a.counts[key]++
	}
	key := a.point.call + "/" + a.point.file
	switch n := a.counts[key]; {
	case a.hit && a.point.fault.name == diskFills && c.Class == tracer.Write:
		return tracer.Decision{Fate: tracer.Fails, Error: syscall.ENOSPC}
	case !slices.Contains(keys, key), n < a.point.number, n > a.point.number && a.point.file != anyFile:
		return tracer.Decision{}
	case n == a.point.number:
		a.hit, a.where = true, fmt.Sprintf("%s of %s, call %d of all", named(c), kind(a.directory, c.Path), len(a.seen))
	}
	return tracer.Decision{Fate: a.point.fault.fate, Error: a.point.fault.errno}
}

// points are all there are in a run with these calls. Of lasting faults, those
// which begin at every stride-th call of the class.
func points(start, directory string, calls []tracer.Call, stride int) []point {
	var all []point
	counts := map[string]int{}
	next := func(key string) int { counts[key]++; return counts[key] }
	for _, c := range calls {
		file := kind(directory, c.Path)
		n := next(named(c) + "/" + file)
		for _, f := range faults(c) {
			all = append(all, point{start, named(c), file, n, f})
		}
		for _, class := range classes(c) {
			if n := next(string(class)); (n-1)%stride == 0 {
				for _, errno := range lasting[class] {
					all = append(all, point{
						start, string(class), anyFile, n, fault{"lasting-" + errorName(errno), tracer.Fails, errno},
					})
				}
			}
		}
	}
	return all
}

// sample chooses points, of each stratum about as many.
func sample(all []point, n int, chance *rand.Rand) []point {
	strata := map[string][]point{}
	for _, p := range all {
		strata[p.stratum()] = append(strata[p.stratum()], p)
	}
	names := slices.Sorted(maps.Keys(strata))
	chance.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var chosen []point
	for round := 0; len(chosen) < min(n, len(all)); round++ {
		for _, name := range names {
			of := strata[name]
			if round == 0 {
				chance.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
			}
			if round < len(of) && len(chosen) < n {
				chosen = append(chosen, of[round])
			}
		}
	}
	return chosen
}

// describe says how many points there are of each call and file.
func describe(all []point) string {
	counts := map[string]int{}
	for _, p := range all {
		counts[p.start+"/"+p.call+"/"+p.file]++
	}
	var text strings.Builder
	for _, key := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		fmt.Fprintf(&text, "%7d  %s\n", counts[key], key)
	}
	return text.String()
}
