package report

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Key authenticates the reports of a device at a server.
type Key struct {
	ID     string
	Secret []byte
}

// Submission says which reports a Submitter submits, and where.
type Submission struct {
	Ledger    *ledger.Ledger
	Clock     slot.Clock
	Transport http.RoundTripper
	Servers   []string      // main, standby
	Timeout   time.Duration // of one request
	Device    string        // the client UUID
	LTS       string        // id of the server's signing key
	Key       Key
	// Recognition is what is known about the servers' addresses: reports go only to the server for
	// which they are meant.
	Recognition *license.Recognition
	// LockFile is locked during submission, so that the processes of a device don't send the same
	// reports at the same time; "" if there is none.
	LockFile string
}

// Submitter submits the reports of this device to one License Tracking Server. Submit
// may be called from any goroutine; the calls take turns.
type Submitter struct {
	Submission
	turn chan struct{} // holds one token; a channel, to wait for it with a deadline
	most int           // reports in a batch; halved when a batch was too large
	// failed are the reports whose submission failed since this submitter was made: it retries them
	// only on request (docs/compatibility.md, "Report submission").
	failed map[ledger.ReportKey]bool
}

// NewSubmitter makes a submitter.
func NewSubmitter(of Submission) *Submitter {
	return &Submitter{Submission: of, turn: make(chan struct{}, 1), failed: map[ledger.ReportKey]bool{},
		most: protocol.MaxReportsInBatch}
}

// lockWait is how long to wait for other processes that submit. Submitting at the same time would
// be wasteful, but not wrong, because reports are idempotent.
const lockWait = time.Second

// take waits for this submitter's turn.
func (s *Submitter) take(ctx context.Context) (release func(), err error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, errDeadline
	}
	unlock := func() {}
	if s.LockFile != "" {
		waiting, cancel := context.WithTimeout(ctx, lockWait)
		defer cancel()
		if release, err := filelock.Acquire(waiting, s.LockFile); err == nil {
			unlock = release
		}
	}
	return func() { unlock(); <-s.turn }, nil
}

var errDeadline = protocol.Errorf(protocol.StatusDeadlineExceeded,
	"the deadline passed before all reports were submitted; they are kept")

// Outcome is the result of a submission.
type Outcome struct {
	Reports  int   // accepted
	Units    int64 // accepted
	Refused  []Refusal
	Items    []protocol.ItemState
	KeptBack bool // some reports failed and are kept
}

// Refusal is a report that a server refused for good.
type Refusal struct {
	Units int64
	Error *protocol.Error
}

// Submit sends the pending reports in batches until none is left or a batch fails. It skips reports
// that failed before unless again is set. The error says why a batch failed; its reports are kept.
func (s *Submitter) Submit(ctx context.Context, again bool) (Outcome, error) {
	release, err := s.take(ctx)
	if err != nil {
		return Outcome{KeptBack: true}, err
	}
	defer release()
	if again {
		clear(s.failed)
	}
	outcome, err := s.submitAll(ctx)
	if len(outcome.Refused) > 0 {
		// The batch contained the account as it was before the refusals. The next batch may come
		// much later, and until then the server would show these units as pending.
		_ = s.tell(ctx)
	}
	return outcome, err
}

func (s *Submitter) submitAll(ctx context.Context) (Outcome, error) {
	var outcome Outcome
	for ctx.Err() == nil {
		pending, err := s.Ledger.Pending(ctx, s.LTS, s.Device, s.most, func(key ledger.ReportKey) bool {
			return s.failed[key]
		})
		if errors.Is(err, ledger.ErrNoRoom) && s.most > 1 {
			s.most /= 2 // noting fewer reports needs less room
			continue
		}
		if err != nil {
			return outcome, ledger.Failed("reading the pending reports", err)
		}
		if len(pending) == 0 {
			return outcome, nil
		}
		err = s.submitBatch(ctx, pending, &outcome)
		if splits(err, pending) {
			s.most = len(pending) / 2
			continue
		}
		if err != nil {
			outcome.KeptBack = true
			return outcome, err
		}
	}
	outcome.KeptBack = true
	return outcome, errDeadline
}

// errTooLarge is the cause if a batch was too large for the protocol, for the server, or for a
// proxy in front of it.
var errTooLarge = errors.New("too large")

// largeBody is the length in bytes from which on a proxy may refuse a body. nginx accepts 1 MiB by
// default, others less.
const largeBody = 64 << 10

// cutOff tells whether an established connection broke. A proxy that finds a body too large may
// close the connection before it has read it all; then its answer, if it gave one, is lost.
func cutOff(err error) bool {
	var failed *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &failed) && !neverLeft(err) && !failed.Timeout()
}

// splits tells whether a failed batch may succeed in smaller parts. Then none of its reports counts
// as failed.
func splits(err error, pending []ledger.PendingReport) bool {
	return len(pending) > 1 && errors.Is(err, errTooLarge)
}

// submitBatch sends one batch and acts on its receipt.
func (s *Submitter) submitBatch(ctx context.Context, pending []ledger.PendingReport, outcome *Outcome) error {
	batch, order := s.batch(pending)
	account, err := s.Ledger.DeviceAccount(ctx, s.LTS)
	if err != nil {
		return ledger.Failed("reading the account", err)
	}
	batch.Account = &account
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	if len(body) > protocol.MaxReportBody && len(pending) > 1 {
		return errTooLarge
	}
	receipt, err := s.post(ctx, batch.Batch, body)
	if len(body) > largeBody && cutOff(err) {
		err = errors.Join(err, errTooLarge)
	}
	if errors.Is(err, errNeverLeft) {
		_ = s.Ledger.NotSent(ctx, pending) // if this fails, they count as sent
	}
	if err != nil {
		if !splits(err, pending) {
			for _, p := range pending {
				s.failed[p.Key] = true
			}
		}
		return err
	}
	return s.apply(ctx, receipt, order, pending, outcome)
}

// position is the place of a report in a batch.
type position struct{ group, report int }

// batch groups reports by run, and returns the position of each.
func (s *Submitter) batch(pending []ledger.PendingReport) (*protocol.ReportBatch, []position) {
	batch := &protocol.ReportBatch{
		Protocol: protocol.Version, Batch: uuid.NewString(), Device: s.Device, SentAt: s.Clock.Now().Unix(),
	}
	groups := map[string]int{}
	order := make([]position, len(pending))
	for i, p := range pending {
		g, ok := groups[p.Run]
		if !ok {
			g = len(batch.Groups)
			groups[p.Run] = g
			batch.Groups = append(batch.Groups, protocol.ReportGroup{
				Run: p.Run, HandshakeCode: p.HandshakeCode, Item: p.Item, SlotSeconds: p.SlotSeconds})
		}
		order[i] = position{g, len(batch.Groups[g].Reports)}
		batch.Groups[g].Reports = append(batch.Groups[g].Reports, p.Report)
	}
	return batch, order
}

// post sends a batch to the first server that accepts it, and verifies the receipt. An answer 200
// without a valid receipt is not a success: a captive portal answers 200, too.
func (s *Submitter) post(ctx context.Context, batch string, body []byte) (*protocol.Receipt, error) {
	header := http.Header{}
	header.Set(protocol.HeaderKey, s.Key.ID)
	header.Set(protocol.HeaderMAC, protocol.ReportMAC(s.Key.Secret, body))
	var failures []error
	left := false
	for _, server := range s.Servers {
		receipt, err := s.postTo(ctx, server, batch, header, body)
		if err == nil {
			return receipt, nil
		}
		left = left || !neverLeft(err)
		failures = append(failures, err)
		// The standby server has the same data as the main one, so the main server's decision is
		// final.
		if status := protocol.StatusOf(err); status.FromServer() && license.Final(err) {
			break
		}
	}
	if !left {
		failures = append(failures, errNeverLeft)
	}
	return nil, errors.Join(failures...)
}

// errNeverLeft is among the causes if no server can have received the batch.
var errNeverLeft = errors.New("the reports did not leave the device")

// errNotRecognized is among the causes if a server was sent no report, because it was not
// recognized as the one for which the reports are meant.
var errNotRecognized = errors.New("no report was sent there")

// neverLeft tells whether a request was not sent, or failed before there was a connection.
func neverLeft(err error) bool {
	var failed *net.OpError
	return errors.Is(err, errNotRecognized) ||
		errors.As(err, &failed) && (failed.Op == "dial" || failed.Op == "proxyconnect")
}

func (s *Submitter) postTo(ctx context.Context, server, batch string, header http.Header,
	body []byte) (*protocol.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if err := s.Recognition.Recognize(ctx, s.Transport, server, s.LTS); err != nil {
		return nil, errors.Join(err, errNotRecognized)
	}
	answer, err := license.Post(ctx, s.Transport, server, protocol.PathReports, header, body)
	if err != nil {
		return nil, err
	}
	receipt, err := s.receipt(server, batch, body, answer)
	if err != nil {
		s.Recognition.Doubt(server) // the address may belong to another server by now
	}
	return receipt, err
}

// receipt verifies what a server answered to a batch.
func (s *Submitter) receipt(server, batch string, body []byte, answer *license.Answer) (*protocol.Receipt, error) {
	if answer.Status != http.StatusOK {
		problem := answer.Problem(server)
		if answer.Status == http.StatusRequestEntityTooLarge {
			problem.Err = errTooLarge
		}
		return nil, problem
	}
	if !protocol.EqualMAC(answer.Header.Get(protocol.HeaderMAC), protocol.ReceiptMAC(s.Key.Secret, body, answer.Body)) {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"%s answered without a valid receipt; the reports are kept", server)
	}
	var receipt protocol.Receipt
	if err := json.Unmarshal(answer.Body, &receipt); err != nil || receipt.Batch != batch {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"the receipt of %s can't be read; the reports are kept", server)
	}
	return &receipt, nil
}

func byPosition(list []protocol.ReportUnits) map[position]int64 {
	units := map[position]int64{}
	for _, u := range list {
		units[position{u.Group, u.Report}] = u.Units
	}
	return units
}

// apply does what a receipt says: it settles confirmed reports, declares refused ones lost, and
// keeps those that the server failed to process.
func (s *Submitter) apply(ctx context.Context, receipt *protocol.Receipt, order []position,
	pending []ledger.PendingReport, outcome *Outcome) error {
	exceptions := map[position]protocol.Exception{}
	for _, e := range receipt.Exceptions {
		exceptions[position{e.Group, e.Report}] = e
	}
	added, lost := byPosition(receipt.New), byPosition(receipt.Lost)
	var accepted []ledger.PendingReport
	var retry *protocol.Error
	for i, p := range pending {
		e, refused := exceptions[order[i]]
		switch {
		case !refused:
			p.New = added[order[i]]
			if units, told := lost[order[i]]; told {
				p.Missing = &units
			}
			accepted = append(accepted, p)
		case e.Retry:
			retry = &protocol.Error{Status: e.Code, Detail: e.Message}
			s.failed[p.Key] = true
		default:
			units, err := s.Ledger.Refused(ctx, p)
			if err != nil {
				return ledger.Failed("noting a refused report", err)
			}
			outcome.Refused = append(outcome.Refused, Refusal{
				units, &protocol.Error{Status: e.Code, Detail: e.Message},
			})
		}
	}
	units, err := s.Ledger.Accepted(ctx, accepted)
	if err != nil {
		return ledger.Failed("noting accepted reports", err)
	}
	outcome.Reports += len(accepted)
	outcome.Units += units
	outcome.Items = receipt.Items
	if retry != nil {
		return retry
	}
	return nil
}
