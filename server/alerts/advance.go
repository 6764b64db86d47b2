package alerts

import (
	"fmt"
	"time"
)

// Measure is a measurement of one subject.
type Measure struct {
	Kind         Kind
	Subject      string // the id of an item, a code, an organization, or a kind of anomaly
	Organization string // the id of whose it is; "": nobody's in particular
	// Period is the time in which a level alerts only once: the term of an item, or a day.
	Period string
	// Value has the unit of the kind's levels. For Silent it is the number of devices, and Days
	// says for how long.
	Value int64
	Days  int64
	// Ended means that the tolerance of a quota is used up.
	Ended bool
	Text  string // in words, without the level
}

// Key identifies a subject of a kind.
type Key struct {
	Kind    Kind
	Subject string
}

// State is the state at the last alert.
type State struct {
	Key
	Level  int64  // the most severe level that alerted in the period; 0: none
	Period string // the period in which it alerted
	Value  int64
	Since  int64 // when it began, in seconds since 1970; 0: it is over
}

// Event is an alert, or the end of one.
type Event struct {
	ID           int64  `json:"id"`
	At           int64  `json:"at"`
	Kind         Kind   `json:"kind"`
	Subject      string `json:"subject"`
	Organization string `json:"organization,omitempty"`
	Level        int64  `json:"level"`
	Value        int64  `json:"value"`
	Recovered    bool   `json:"recovered"`
	Text         string `json:"text"`
}

// Advance decides which events to send, given what was sent before. It changes states, and deletes
// those whose subject does not exist any more.
func Advance(states map[Key]State, rules []Rule, measures []Measure, now int64) (events []Event) {
	levels := map[Kind][]int64{}
	for _, rule := range rules {
		levels[rule.Kind] = rule.Levels
	}
	measured := map[Key]bool{}
	for _, m := range measures {
		key := Key{m.Kind, m.Subject}
		measured[key] = true
		if len(levels[m.Kind]) == 0 {
			delete(states, key)
			continue
		}
		before, known := states[key]
		before.Key = key
		after, event := step(before, levels[m.Kind], m, now)
		if event != nil {
			events = append(events, *event)
		}
		if known || event != nil {
			states[key] = after
		}
	}
	for key, state := range states {
		if measured[key] {
			continue
		}
		if key.Kind == Refused && state.Since != 0 && len(levels[Refused]) > 0 {
			// There was no request for an hour, so nobody is refused any more.
			text := fmt.Sprintf("handshake code %s: no authorization was asked for within the last hour", key.Subject)
			events = append(events, Event{
				At: now, Kind: Refused, Subject: key.Subject, Level: state.Level, Recovered: true, Text: text,
			})
		}
		if daily := key.Kind == Refused || key.Kind == Silent; daily && state.Period == date(time.Unix(now, 0)) {
			state.Since = 0 // it has alerted today and does not alert again
			states[key] = state
			continue
		}
		delete(states, key)
	}
	return events
}

// step computes the next state.
func step(before State, levels []int64, m Measure, now int64) (State, *Event) {
	after := before
	if after.Period != m.Period {
		after.Period, after.Level = m.Period, 0
	}
	reached := reached(levels, m, before.Value)
	if reached != 0 && (after.Level == 0 || m.Kind.severity(reached) > m.Kind.severity(after.Level)) {
		if after.Since == 0 {
			after.Since = now
		}
		after.Level, after.Value = reached, m.Value
		return after, &Event{At: now, Kind: m.Kind, Subject: m.Subject, Organization: m.Organization, Level: reached,
			Value: m.Value, Text: m.Text}
	}
	switch {
	case m.Kind.grows():
		// What is new since the last alert comes with the next period; what was deleted meanwhile
		// does not matter.
		after.Value = min(after.Value, m.Value)
		after.Since = 0
		return after, nil
	case m.Kind == Silent:
		after.Since = 0
	case after.Since != 0 && over(levels, m):
		after.Since = 0
		after.Value = m.Value
		return after, &Event{
			At: now, Kind: m.Kind, Subject: m.Subject, Organization: m.Organization, Level: before.Level,
			Value: m.Value, Recovered: true, Text: m.Text,
		}
	}
	after.Value = m.Value
	return after, nil
}

// reached gives the most severe level that a measure reaches; 0: none.
func reached(levels []int64, m Measure, before int64) (most int64) {
	for _, level := range levels {
		var reaches bool
		switch {
		case m.Kind == Quota && level == EndOfTolerance:
			reaches = m.Ended
		case m.Kind == Expiry:
			reaches = m.Value <= level
		case m.Kind == Silent:
			reaches = m.Value > 0 && m.Days == level
		case m.Kind.grows():
			reaches = m.Value-min(before, m.Value) >= level
		default:
			reaches = m.Value >= level
		}
		if reaches && (most == 0 || m.Kind.severity(level) > m.Kind.severity(most)) {
			most = level
		}
	}
	return most
}

// over tells whether a measure is so far below all levels that small changes don't raise and end
// alerts repeatedly.
func over(levels []int64, m Measure) bool {
	if m.Ended {
		return false
	}
	least := levels[0]
	for _, level := range levels {
		if m.Kind.severity(level) < m.Kind.severity(least) {
			least = level
		}
	}
	if m.Kind == Expiry {
		return m.Value > least
	}
	if m.Kind.share() {
		return m.Value < max(least-hysteresis, 1)
	}
	return m.Value < least
}
