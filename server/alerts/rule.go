// Package alerts tells operators of a server what they should know before their customers do. Rules
// evaluate a snapshot, without I/O and clock (rule.go, advance.go). The results are in the store,
// so that a level alerts once in a period, however many servers there are. Channels deliver them
// (email.go, webhook.go).
package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what an alert is about.
type Kind string

// Kinds of alerts, and what their levels are in.
const (
	Quota      Kind = "quota"      // of an item: how much is used, in percent; see EndOfTolerance
	Exceptions Kind = "exceptions" // of an item: used exceptions, in percent of those allowed
	Refused    Kind = "refused"    // of a code: refused authorizations, in percent of all of the last hour
	Silent     Kind = "silent"     // of an organization: devices that were not seen for so many days
	Expiry     Kind = "expiry"     // of an item: days until it ends
	Loss       Kind = "loss"       // of an organization: units newly declared lost
	Anomaly    Kind = "anomaly"    // of a kind of anomalies: how many are new
)

// EndOfTolerance is the level of a quota at which everybody, or each new device, is
// refused.
const EndOfTolerance = 1000

// endWord is how EndOfTolerance is written.
const endWord = "end"

// MinRequests is the smallest number of requests in an hour of which a share means anything.
const MinRequests = 10

// hysteresis is how many percent points below its lowest level a share has to fall
// before it counts as recovered.
const hysteresis = 5

// maxLevels is how many levels a rule may have.
const maxLevels = 10

// Rule says at which levels there is an alert.
type Rule struct {
	Kind   Kind    `json:"kind"`
	Levels []int64 `json:"levels"` // in the order of severity; none: it is off
}

// Defaults are the rules until somebody changes them; docs/compatibility.md says where they come
// from.
func Defaults() []Rule {
	return []Rule{
		{Quota, []int64{75, 90, 95, 100, EndOfTolerance}},
		{Exceptions, []int64{50, 75, 90, 100}},
		{Refused, []int64{10, 25, 50, 75}},
		{Expiry, []int64{30, 7, 1}},
		{Silent, []int64{7}},
		{Loss, []int64{1}},
		{Anomaly, []int64{1}},
	}
}

// limits are the lowest and the highest level of a kind.
func (k Kind) limits() (least, most int64) {
	switch k {
	case Quota, Exceptions:
		return 1, 500
	case Refused:
		return 1, 100
	case Silent, Expiry:
		return 1, 365
	}
	return 1, 1_000_000_000
}

// grows tells whether the values of a kind are sums that only grow, so that only what is new
// counts.
func (k Kind) grows() bool { return k == Loss || k == Anomaly }

// share tells whether the levels of a kind are in percent.
func (k Kind) share() bool { return k == Quota || k == Exceptions || k == Refused }

// severity orders the levels of a kind.
func (k Kind) severity(level int64) int64 {
	if k == Expiry {
		return -level
	}
	return level
}

// Write writes a level of the kind as ParseLevels reads it.
func (k Kind) Write(level int64) string {
	if k == Quota && level == EndOfTolerance {
		return endWord
	}
	return strconv.FormatInt(level, 10)
}

// Text writes the levels of a rule; "off" if there are none.
func (r Rule) Text() string {
	if len(r.Levels) == 0 {
		return off
	}
	texts := make([]string, len(r.Levels))
	for i, level := range r.Levels {
		texts[i] = r.Kind.Write(level)
	}
	return strings.Join(texts, ",")
}

// off is how a rule without levels is written.
const off = "off"

// ErrRule is the error of an invalid rule.
var ErrRule = errors.New("the rule is not valid")

// ParseRule reads the levels of a rule: numbers with commas in between, "end" for the
// end of the tolerance of a quota, or "off".
func ParseRule(kind, levels string) (Rule, error) {
	rule := Rule{Kind: Kind(kind), Levels: []int64{}}
	if !slices.ContainsFunc(Defaults(), func(d Rule) bool { return d.Kind == rule.Kind }) {
		names := make([]string, 0, len(Defaults()))
		for _, each := range Defaults() {
			names = append(names, string(each.Kind))
		}
		return rule,
			fmt.Errorf("%w: there are no alerts of %.40q; choose from %s", ErrRule, kind, strings.Join(names, ", "))
	}
	if strings.TrimSpace(levels) == off {
		return rule, nil
	}
	least, most := rule.Kind.limits()
	for text := range strings.SplitSeq(levels, ",") {
		text = strings.TrimSpace(text)
		if text == endWord && rule.Kind == Quota {
			rule.Levels = append(rule.Levels, EndOfTolerance)
			continue
		}
		level, err := strconv.ParseInt(text, 10, 64)
		if err != nil || level < least || level > most {
			return rule, fmt.Errorf("%w: %.40q is not a level of %s, from %d to %d; write for example %s, or %s",
				ErrRule, text, kind, least, most, example(rule.Kind), off)
		}
		rule.Levels = append(rule.Levels, level)
	}
	slices.SortFunc(rule.Levels, func(a, b int64) int { return int(rule.Kind.severity(a) - rule.Kind.severity(b)) })
	if rule.Levels = slices.Compact(rule.Levels); len(rule.Levels) > maxLevels {
		return rule, fmt.Errorf("%w: it has more than %d levels", ErrRule, maxLevels)
	}
	return rule, nil
}

func example(kind Kind) string {
	for _, rule := range Defaults() {
		if rule.Kind == kind {
			return rule.Text()
		}
	}
	return ""
}
