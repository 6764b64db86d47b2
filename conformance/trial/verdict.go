// Package trial judges implementations of the protocol from outside, as docs/protocol.md
// has it: a server by what it answers (Server), a client by what it sends and how it takes
// what can happen on the way (Client). It shares no state with what it judges.
package trial

import (
	"fmt"
	"io"
	"strings"
)

// Outcome is how a scenario ended.
type Outcome string

// Outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // it needs something that was not given
)

// Verdict is what came out of a scenario.
type Verdict struct {
	Scenario string  `json:"scenario"`
	Text     string  `json:"text"` // what is asked for
	Outcome  Outcome `json:"outcome"`
	// Reason says what went wrong, or why it was skipped.
	Reason string `json:"reason,omitempty"`
}

// Report is what came out of all scenarios, in the order in which they were played.
type Report struct {
	Judged   string    `json:"judged"` // "server" or "client"
	Passed   int       `json:"passed"`
	Failed   int       `json:"failed"`
	Skipped  int       `json:"skipped"`
	Verdicts []Verdict `json:"verdicts"`
}

// add notes a verdict; an error is why the scenario failed.
func (r *Report) add(id, text, skipped string, err error) {
	v := Verdict{Scenario: id, Text: text, Outcome: Passed}
	switch {
	case skipped != "":
		v.Outcome, v.Reason = Skipped, skipped
		r.Skipped++
	case err != nil:
		v.Outcome, v.Reason = Failed, printable(err.Error())
		r.Failed++
	default:
		r.Passed++
	}
	r.Verdicts = append(r.Verdicts, v)
}

// Write writes the report for people: a line for each scenario, and one for all.
func (r *Report) Write(w io.Writer) error {
	for _, v := range r.Verdicts {
		line := fmt.Sprintf("%-8s%s: %s\n", v.Outcome, v.Scenario, v.Text)
		if v.Reason != "" {
			line += fmt.Sprintf("%8s%s\n", "", v.Reason)
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
	return err
}

// printable is a text from outside on one line, without what a terminal obeys, and not
// too long.
func printable(text string) string {
	const most = 600
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
