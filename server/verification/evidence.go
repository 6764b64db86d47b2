package verification

import (
	"encoding/json"
	"fmt"
	"hash"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Evidence is a report as it came, as one line of JSON. Statements and checkpoints are made from
// these lines. A digest of reports is the SHA-256 of their lines, each with a line feed at its end,
// in the order of runs and slots, and of arrival in each slot.
type Evidence struct {
	Device     string           `json:"device"`
	Run        string           `json:"run"`
	Code       string           `json:"handshake"`
	Item       string           `json:"item"`
	Slot       int64            `json:"slot"`
	Revision   int64            `json:"revision"`
	Counts     map[string]int64 `json:"counts"`
	Lost       string           `json:"lost,omitempty"`
	ReceivedAt int64            `json:"receivedAt"`
}

// Line returns the line of JSON, with a line feed.
func (e *Evidence) Line() ([]byte, error) {
	line, err := json.Marshal(e)
	return append(line, '\n'), err
}

// evidence computes the digest of reports, and counts them.
type evidence struct {
	digest  hash.Hash
	reports int64
	of      func(run *store.ExaminedRun) Evidence
	types   *types
	write   func([]byte) error // may be nil
}

// take takes a report of a run.
func (e *evidence) take(run *store.ExaminedRun, came arrival) error {
	line := e.of(run)
	line.Slot = came.slot
	report, err := readArrival(came.data)
	if err != nil {
		return err
	}
	line.Revision, line.Lost, line.ReceivedAt, line.Counts = report.revision, report.cause, report.receivedAt,
		map[string]int64{}
	for _, count := range report.counts {
		line.Counts[e.types.names[count.kind]] = count.units.all
	}
	text, err := line.Line()
	if err != nil {
		return fmt.Errorf("writing a report down: %w", err)
	}
	e.reports++
	_, _ = e.digest.Write(text) // never fails
	if e.write != nil {
		return e.write(text)
	}
	return nil
}

func (e *evidence) sum() string { return protocol.Encoding.EncodeToString(e.digest.Sum(nil)) }
