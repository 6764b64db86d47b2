// Package outcome counts how requests of clients ended: for the alert about refusals,
// and for metrics. It costs a request one lock that is held for nanoseconds.
package outcome

import (
	"maps"
	"sync"

	"github.com/openlts/openlts/core/protocol"
)

// maxCodes is how many codes have separate outcomes between two calls of Drain. Only existing codes
// count, so strangers can't fill it.
const maxCodes = 20_000

// Result is how authorizations for one code ended.
type Result struct{ Granted, Refused int64 }

// Totals are what was counted since the start. They only grow.
type Totals struct {
	Granted int64
	Refused map[protocol.Status]int64
	// Batches are report batches that were taken; Reports those in them that were accepted,
	// new or not.
	Batches, Reports int64
}

// Counter counts. Its zero value is ready, and a nil one counts nothing.
type Counter struct {
	mutex  sync.Mutex
	codes  map[string]Result
	totals Totals
}

// Granted counts an authorization that was granted for a code.
func (c *Counter) Granted(code string) {
	if c == nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.totals.Granted++
	c.add(code, Result{Granted: 1})
}

// Refused counts an authorization that was refused. Refusals for a code that does not exist are
// only in the totals.
func (c *Counter) Refused(code string, status protocol.Status) {
	if c == nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.totals.Refused == nil {
		c.totals.Refused = map[protocol.Status]int64{}
	}
	c.totals.Refused[status]++
	if status != protocol.StatusHandshakeCodeNotFound {
		c.add(code, Result{Refused: 1})
	}
}

// Reported counts a batch that was taken, with so many accepted reports.
func (c *Counter) Reported(accepted int) {
	if c == nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.totals.Batches++
	c.totals.Reports += int64(accepted)
}

// add adds to a code. The lock is held.
func (c *Counter) add(code string, result Result) {
	if code == "" {
		return
	}
	if c.codes == nil {
		c.codes = map[string]Result{}
	}
	was, known := c.codes[code]
	if !known && len(c.codes) >= maxCodes {
		return
	}
	c.codes[code] = Result{was.Granted + result.Granted, was.Refused + result.Refused}
}

// Drain gives the results by code since the last call.
func (c *Counter) Drain() map[string]Result {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	codes := c.codes
	c.codes = nil
	return codes
}

// Totals gives what was counted since the start.
func (c *Counter) Totals() Totals {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	totals := c.totals
	totals.Refused = maps.Clone(totals.Refused)
	return totals
}
