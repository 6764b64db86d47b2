package simulation

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// slotSeconds is the length of the devices' slots.
const slotSeconds = 180

// step is how often devices send to the simulated server: what they send within a step arrives at
// its end.
const step = 10 * time.Minute

// member is a device, or a copy of one.
type member struct {
	number int // from 0 in the plan
	name   string
	code   *code
	zone   *time.Location
	// copyOf is the number of the device whose data this one was copied from; -1: none.
	copyOf int
	// skew is how far its clock is ahead.
	skew time.Duration
	// joins and leaves are its first and its last moment.
	joins, leaves time.Time
	// busy is how much it does, compared with the usual 1.
	busy float64
	// domain is the domain in its requests, if the code has one.
	domain string
	// typo is the mistyped code; "": it was not mistyped.
	typo string
}

// session is a period in which a device was used, and when it reported that.
type session struct {
	member  int
	sent    time.Time
	reports []report
	// lost is how many of its operations were lost with a broken disk.
	lost int64
}

type report struct {
	slot   int64
	counts []count
}

type count struct {
	name string
	n    int64
}

// plan is everything that devices will do.
type plan struct {
	from, until time.Time
	members     []*member
	sessions    []session
	// total is how much of each code is recorded, by the full code.
	total map[string]int64
	// devices are how many work under each code.
	devices map[string]int64
}

// newPlan chooses at random what devices do; the same options give the same plan.
func newPlan(o Options) (*plan, error) {
	p := &plan{until: o.Until.UTC().Truncate(step), total: map[string]int64{}, devices: map[string]int64{}}
	p.from = p.until.AddDate(0, 0, -o.Days)
	random := rand.New(rand.NewPCG(o.Seed, 1))
	for i := range customers {
		c := &customers[i]
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			return nil, fmt.Errorf("the time zone of %s: %w", c.name, err)
		}
		for j := range c.codes {
			kind := &c.codes[j]
			for n := range max(kind.least, int(math.Round(kind.share*float64(o.Devices)))) {
				p.add(random, kind, zone, n)
			}
		}
	}
	p.oddities()
	for _, m := range p.members {
		p.work(rand.New(rand.NewPCG(o.Seed, uint64(m.number)+2)), m)
	}
	slices.SortStableFunc(p.sessions, func(a, b session) int {
		return cmp.Or(a.sent.Compare(b.sent), cmp.Compare(a.member, b.member))
	})
	return p, nil
}

// add adds a device of a code, which joins at some time; a third of them were there before.
func (p *plan) add(random *rand.Rand, kind *code, zone *time.Location, n int) {
	span := p.until.Sub(p.from)
	m := &member{
		number: len(p.members), name: fmt.Sprintf("%s %d", kind.device, n+1), code: kind, zone: zone, copyOf: -1,
		joins: p.from, leaves: p.until, busy: math.Exp(random.NormFloat64() * 0.5), domain: kind.domain,
	}
	if random.Float64() > 0.35 {
		m.joins = p.from.Add(time.Duration(random.Float64() * 0.7 * float64(span)))
	}
	if random.Float64() < 0.03 {
		m.leaves = m.joins.Add(time.Duration(random.Float64() * float64(p.until.Sub(m.joins))))
	}
	p.members = append(p.members, m)
	p.devices[kind.full()]++
}

// oddities makes some devices do what devices should not.
func (p *plan) oddities() {
	span := p.until.Sub(p.from)
	late, later := p.from.Add(span*3/4), p.from.Add(span*9/10)
	for _, m := range p.members[:len(p.members):len(p.members)] {
		first := m.number == 0 || p.members[m.number-1].code != m.code
		if !first {
			continue
		}
		switch m.code.oddity {
		case copied:
			// Somebody copies a whole machine, and both continue.
			m.joins, m.leaves, m.busy = p.from, p.until, max(m.busy, 1)
			twin := *m
			twin.number, twin.copyOf, twin.joins = len(p.members), m.number, later
			p.members = append(p.members, &twin)
		case skewed:
			m.skew, m.joins, m.leaves = 26*time.Hour, later, p.until
		case mistyped:
			typo := *m
			typo.number, typo.name, typo.joins, typo.leaves, typo.typo = len(p.members), m.code.device+" (new)", late,
				p.until, m.code.full()+"s"
			p.members = append(p.members, &typo)
		case elsewhere:
			other := *m
			other.number, other.name, other.joins, other.leaves = len(p.members),
				m.code.device+" (staging)", late, p.until
			other.domain = "staging.example.org"
			p.members = append(p.members, &other)
		}
	}
}

// serverDown is when the server does not answer: an afternoon after two fifths of the time.
func (p *plan) serverDown() (from, until time.Time) {
	day := p.from.Add(p.until.Sub(p.from) * 2 / 5).Truncate(24 * time.Hour)
	return day.Add(12 * time.Hour), day.Add(17 * time.Hour)
}

// work draws what a device does.
func (p *plan) work(random *rand.Rand, m *member) {
	var offline time.Time // no connection until then
	broken := m.code.oddity == broken && m.name == m.code.device+" 1"
	used := map[int64]bool{} // slots
	y, month, day := m.joins.In(m.zone).Date()
	for date := time.Date(y, month, day, 0, 0, 0, 0, m.zone); date.Before(m.leaves); date = date.AddDate(0, 0, 1) {
		weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
		chance := m.code.workdays
		if weekend {
			chance = m.code.weekends
		}
		if random.Float64() > chance {
			continue
		}
		if random.Float64() < 0.008 {
			offline = date.Add(time.Duration(1+random.IntN(4)) * 24 * time.Hour)
			if random.Float64() < 0.1 {
				offline = date.AddDate(0, 0, 12) // on a truck
			}
		}
		for range 1 + random.IntN(2) {
			at := date.Add(
				time.Duration((m.code.opens + random.Float64()*(m.code.closes-m.code.opens)) * float64(time.Hour)))
			s := session{member: m.number, reports: p.session(random, m, at, used)}
			if len(s.reports) == 0 {
				continue
			}
			s.sent = p.sends(random, at.Add(time.Duration(len(s.reports)+1)*slotSeconds*time.Second), offline)
			if s.sent.After(p.until) || at.Before(m.joins) || at.After(m.leaves) {
				continue // not heard of yet
			}
			if broken && s.sent.After(p.until.AddDate(0, 0, -3)) {
				s.lost, broken = 100+random.Int64N(100), false
			}
			for _, r := range s.reports {
				for _, c := range r.counts {
					p.total[m.code.full()] += c.n
				}
			}
			p.sessions = append(p.sessions, s)
		}
	}
}

// session chooses some slots of work at random.
func (p *plan) session(random *rand.Rand, m *member, at time.Time, used map[int64]bool) (reports []report) {
	growth := 0.8 + 0.4*float64(at.Sub(p.from))/float64(p.until.Sub(p.from))
	slot := at.Unix() - at.Unix()%slotSeconds
	for range 1 + random.IntN(4) {
		if !used[slot] {
			used[slot] = true
			r := report{slot: slot}
			for i, t := range m.code.types {
				// The first type is in most slots, the others sometimes.
				if i > 0 && random.Float64() > t.often {
					continue
				}
				if n := int64(m.busy * growth * t.each * math.Exp(random.NormFloat64()*0.4)); n > 0 {
					r.counts = append(r.counts, count{t.name, n})
				}
			}
			if len(r.counts) > 0 {
				reports = append(reports, r)
			}
		}
		slot += slotSeconds
	}
	return reports
}

// sends is when a session that ended reaches the server.
func (p *plan) sends(random *rand.Rand, ended, offline time.Time) time.Time {
	sent := ended.UTC()
	if offline.After(sent) {
		sent = offline.UTC().Add(7*time.Hour + time.Duration(random.IntN(120))*time.Minute)
	}
	if from, until := p.serverDown(); !sent.Before(from) && sent.Before(until) {
		sent = until.Add(time.Duration(random.IntN(20)) * time.Minute)
	}
	return sent.Truncate(step).Add(step)
}

// protocol is a report as it is sent.
func (r report) protocol() protocol.Report {
	counts := make(map[string]int64, len(r.counts))
	for _, c := range r.counts {
		counts[c.name] += c.n
	}
	return protocol.Report{Slot: r.slot, Revision: 1, Counts: counts}
}

func (r report) sum() (sum int64) {
	for _, c := range r.counts {
		sum += c.n
	}
	return sum
}
