package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/player"
)

// scan is an operation that an item charged by scans counts.
const scan = "QR_CODE"

var reportScenes = []scene{
	{"report", "What is reported counts, and the receipt proves it.", nil, known(report)},
	{"report_again", "A report counts once, however often and in whatever batch it comes.", nil, known(reportAgain)},
	{"report_at_once", "A report counts once, if it comes many times at once.", nil, known(reportAtOnce)},
	{
		"report_grows",
		"Counts are cumulative: a higher revision adds what is new, a lower one nothing.",
		nil,
		known(reportGrows),
	},
	{
		"report_apart",
		"The same slot of another run, and another slot of the same run, count by themselves.",
		nil,
		known(reportApart),
	},
	{
		"report_lost",
		"What is declared lost does not count, and the receipt says what the server has not.",
		nil,
		known(reportLost),
	},
	{"report_found", "The receipt says how much of what was found was new.", nil, known(reportFound)},
	{
		"report_forged",
		"A batch without a right MAC by the device's key is answered by -20192, and changes nothing.",
		nil,
		known(reportForged),
	},
	{
		"report_not_granted",
		"What the key was not granted is an exception to be sent again; the rest counts.",
		nil,
		known(reportNotGranted),
	},
	{
		"malformed_reports",
		"Reports that can't be are exceptions, batches that can't be are problems.",
		nil,
		known(malformedReports),
	},
	{
		"batch_limits",
		"A batch holds 2,000 reports and 1 MiB, and one without reports is fine.",
		nil,
		known(batchLimits),
	},
	{"license_closed", "A batch may say that a license was closed.", nil, known(licenseClosed)},
}

// group holds reports of a new run under what was granted.
func (s *stage) group(granted *protocol.Authorization, reports ...protocol.Report) protocol.ReportGroup {
	return protocol.ReportGroup{
		Run: uuid.NewString(), HandshakeCode: granted.HandshakeCode, Item: granted.Item.ID,
		SlotSeconds: protocol.DefaultSlotSeconds, Reports: reports,
	}
}

// scans is a report of so many scans.
func (s *stage) scans(ago, revision, count int64) protocol.Report {
	return protocol.Report{Slot: s.slot(ago), Revision: revision, Counts: map[string]int64{scan: count}}
}

// accept sends a batch all of whose reports are to be accepted.
func accept(d *player.Device, groups ...protocol.ReportGroup) (*protocol.Receipt, error) {
	sent := 0
	for _, g := range groups {
		sent += len(g.Reports)
	}
	receipt, err := d.Report(d.Batch(groups...))
	if err != nil {
		return nil, err
	}
	if receipt.Accepted != sent || len(receipt.Exceptions) != 0 {
		return nil, fmt.Errorf(
			"of %d reports %d are accepted, with the exceptions %+v",
			sent,
			receipt.Accepted,
			receipt.Exceptions,
		)
	}
	if receipt.ReceivedAt <= 0 {
		return nil, errors.New("the receipt does not say when the batch was received")
	}
	return receipt, nil
}

func report(s *stage, d *player.Device, granted *protocol.Authorization) error {
	return s.counted(d, 5, func() error {
		g := s.group(granted, s.scans(1, 1, 5))
		receipt, err := accept(d, g)
		if err == nil && (len(receipt.Items) != 1 || receipt.Items[0].ID != granted.Item.ID) {
			err = fmt.Errorf(
				"the receipt does not say how the quota of %s stands: %+v",
				granted.Item.ID,
				receipt.Items,
			)
		}
		return err
	})
}

func reportAgain(s *stage, d *player.Device, granted *protocol.Authorization) error {
	g := s.group(granted, s.scans(1, 1, 3))
	same := d.Batch(g)
	return s.counted(d, 3, func() error {
		for range 2 {
			if _, err := d.Report(same); err != nil {
				return err
			}
			if _, err := accept(d, g); err != nil {
				return err
			}
		}
		return nil
	})
}

func reportAtOnce(s *stage, d *player.Device, granted *protocol.Authorization) error {
	g := s.group(granted, s.scans(1, 1, 3))
	return s.counted(d, 3, func() error {
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			batch := d.Batch(g)
			all.Go(func() { _, errs[i] = d.Report(batch) })
		}
		all.Wait()
		return errors.Join(errs...)
	})
}

func reportGrows(s *stage, d *player.Device, granted *protocol.Authorization) error {
	g := s.group(granted)
	for _, step := range []struct{ revision, count, counted int64 }{{2, 4, 4}, {1, 3, 0}, {7, 6, 2},
		{2, 4, 0}, {7, 6, 0}} {
		g.Reports = []protocol.Report{s.scans(2, step.revision, step.count)}
		err := s.counted(d, step.counted, func() error { _, err := accept(d, g); return err })
		if err != nil {
			return fmt.Errorf("revision %d, %d scans: %w", step.revision, step.count, err)
		}
	}
	return nil
}

func reportApart(s *stage, d *player.Device, granted *protocol.Authorization) error {
	return s.counted(d, 6, func() error {
		_, err := accept(d, s.group(granted, s.scans(1, 1, 1), s.scans(2, 1, 2)), s.group(granted, s.scans(1, 1, 3)))
		return err
	})
}

func reportLost(s *stage, d *player.Device, granted *protocol.Authorization) error {
	g := s.group(granted, s.scans(1, 1, 2))
	if _, err := accept(d, g); err != nil {
		return err
	}
	lost := s.scans(1, 3, 5)
	lost.Lost = protocol.LostExpired
	return s.counted(d, 0, func() error {
		g.Reports = []protocol.Report{lost}
		receipt, err := accept(d, g)
		if err != nil {
			return err
		}
		if want := []protocol.ReportUnits{{Units: 3}}; !slices.Equal(receipt.Lost, want) {
			return fmt.Errorf("of 5 that are declared lost it has 2, and the receipt says %+v", receipt.Lost)
		}
		// What was held up on its way is accepted, and does not count.
		g.Reports = []protocol.Report{s.scans(1, 2, 4)}
		_, err = accept(d, g)
		return err
	})
}

func reportFound(s *stage, d *player.Device, granted *protocol.Authorization) error {
	g := s.group(granted, s.scans(1, 1, 2))
	if _, err := accept(d, g); err != nil {
		return err
	}
	found := s.scans(1, 2, 5)
	found.Found = true
	g.Reports = []protocol.Report{found}
	for _, want := range [][]protocol.ReportUnits{{{Units: 3}}, nil} {
		receipt, err := accept(d, g)
		if err != nil {
			return err
		}
		if !slices.Equal(receipt.New, want) {
			return fmt.Errorf("the receipt says that %+v were new, not %+v", receipt.New, want)
		}
	}
	return nil
}

func reportForged(s *stage, d *player.Device, granted *protocol.Authorization) error {
	other, _, err := s.known()
	if err != nil {
		return err
	}
	body, err := json.Marshal(d.Batch(s.group(granted, s.scans(1, 1, 7))))
	if err != nil {
		return err
	}
	proof := func(key, mac string) http.Header {
		h := http.Header{}
		h.Set(protocol.HeaderKey, key)
		h.Set(protocol.HeaderMAC, mac)
		return h
	}
	changed := []byte(strings.Replace(string(body), `"QR_CODE":7`, `"QR_CODE":8`, 1))
	return s.counted(d, 0, func() error {
		errs := map[string]error{}
		for name, test := range map[string]struct {
			body   []byte
			header http.Header
		}{
			"no proof":                {body, nil},
			"an unknown key":          {body, proof("AAAAAAAAAAAAAAAA", protocol.ReportMAC(d.ReportKey, body))},
			"a wrong MAC":             {body, proof(d.ReportKeyID, strings.Repeat("A", 43))},
			"a MAC cut off":           {body, proof(d.ReportKeyID, protocol.ReportMAC(d.ReportKey, body)[:20])},
			"the MAC of another body": {changed, d.Proof(body)},
			"another device's key":    {body, other.Proof(body)},
			"not JSON, no proof":      {[]byte("hello"), nil},
		} {
			_, _, err := d.Post(protocol.PathReports, test.body, test.header)
			errs[name] = problem(err, protocol.StatusRequestNotAuthenticated, 401)
		}
		return each(errs)
	})
}

func reportNotGranted(s *stage, d *player.Device, granted *protocol.Authorization) error {
	strange, nobody := s.group(granted, s.scans(1, 1, 9)), s.group(granted, s.scans(1, 1, 9))
	strange.Item, nobody.HandshakeCode = "conformance-no-such-item", "conformance-no-such-code"
	return s.counted(d, 2, func() error {
		receipt, err := d.Report(d.Batch(strange, s.group(granted, s.scans(1, 1, 2)), nobody))
		if err != nil {
			return err
		}
		if receipt.Accepted != 1 || len(receipt.Exceptions) != 2 {
			return fmt.Errorf("%d are accepted, with the exceptions %+v", receipt.Accepted, receipt.Exceptions)
		}
		for i, e := range receipt.Exceptions {
			if e.Group != 2*i || e.Report != 0 || e.Code != protocol.StatusRequestNotAuthenticated || !e.Retry {
				return fmt.Errorf("an exception is %+v", e)
			}
		}
		return nil
	})
}

func malformedReports(s *stage, d *player.Device, granted *protocol.Authorization) error {
	errs := map[string]error{}
	err := s.counted(d, 0, func() error {
		for name, change := range map[string]func(*protocol.Report){
			"no start of a slot":    func(r *protocol.Report) { r.Slot++ },
			"a slot before 1970":    func(r *protocol.Report) { r.Slot = -protocol.DefaultSlotSeconds },
			"a slot in 1,000 years": func(r *protocol.Report) { r.Slot = 33_303_628_800 },
			"revision 0":            func(r *protocol.Report) { r.Revision = 0 },
			"no counts":             func(r *protocol.Report) { r.Counts = map[string]int64{} },
			"a negative count":      func(r *protocol.Report) { r.Counts = map[string]int64{scan: -1} },
			"no name of a type":     func(r *protocol.Report) { r.Counts = map[string]int64{"qr code": 1} },
			"no cause of loss":      func(r *protocol.Report) { r.Lost = "elsewhere" },
		} {
			bad := s.scans(1, 1, 1)
			change(&bad)
			receipt, err := d.Report(d.Batch(s.group(granted, bad)))
			if err == nil && (receipt.Accepted != 0 || len(receipt.Exceptions) != 1 || receipt.Exceptions[0].Retry) {
				err = fmt.Errorf("%d are accepted, with the exceptions %+v", receipt.Accepted, receipt.Exceptions)
			}
			errs[name] = err
		}
		good, err := json.Marshal(d.Batch(s.group(granted, s.scans(1, 1, 1))))
		if err != nil {
			return err
		}
		with := func(from, to string) string { return strings.Replace(string(good), from, to, 1) }
		for name, test := range map[string]struct {
			body string
			code protocol.Status
		}{
			"not JSON":           {"hello", protocol.StatusRequestMalformed},
			"cut off":            {string(good[:len(good)/2]), protocol.StatusRequestMalformed},
			"another protocol":   {with(`"protocol":1`, `"protocol":2`), protocol.StatusProtocolVersion},
			"a field twice":      {with(`"revision":1`, `"revision":1,"revision":1`), protocol.StatusRequestMalformed},
			"no id of the batch": {with(`"batch":"`, `"batch":"x`), protocol.StatusRequestMalformed},
		} {
			_, _, err := d.Post(protocol.PathReports, []byte(test.body), d.Proof([]byte(test.body)))
			errs[name] = problem(err, test.code, 400)
		}
		return nil
	})
	return errors.Join(err, each(errs))
}

func batchLimits(s *stage, d *player.Device, granted *protocol.Authorization) error {
	if _, err := accept(d); err != nil {
		return fmt.Errorf("a batch without reports: %w", err)
	}
	reports := make([]protocol.Report, protocol.MaxReportsInBatch+1)
	for i := range reports {
		reports[i] = s.scans(int64(i+1), 1, 1)
		reports[i].Lost = protocol.LostStorage
	}
	if _, err := accept(d, s.group(granted, reports[1:]...)); err != nil {
		return fmt.Errorf("%d reports: %w", protocol.MaxReportsInBatch, err)
	}
	_, err := d.Report(d.Batch(s.group(granted, reports...)))
	if err := problem(err, protocol.StatusRequestTooLarge, 413); err != nil {
		return fmt.Errorf("%d reports: %w", len(reports), err)
	}
	large := []byte(strings.Repeat(" ", protocol.MaxReportBody+1))
	_, _, err = d.Post(protocol.PathReports, large, d.Proof(large))
	if err := problem(err, protocol.StatusRequestTooLarge, 413); err != nil {
		return fmt.Errorf("more than 1 MiB: %w", err)
	}
	return nil
}

func licenseClosed(s *stage, d *player.Device, granted *protocol.Authorization) error {
	batch := d.Batch()
	batch.Closed = []protocol.ClosedLicense{
		{
			HandshakeCode: granted.HandshakeCode,
			Item:          granted.Item.ID,
		},
		{HandshakeCode: "conformance-no-such-code", Item: "none"},
	}
	if _, err := d.Report(batch); err != nil {
		return err
	}
	// If it goes on after all, that counts.
	return s.counted(d, 1, func() error { _, err := accept(d, s.group(granted, s.scans(0, 1, 1))); return err })
}
