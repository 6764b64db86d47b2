package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// ReceivedReports are reports of one run that came together. They are stored in
// one row: a row costs more than what is in it.
type ReceivedReports struct {
	Run        *Run
	ReceivedAt int64
	// Newest is the latest of their slots: a row may go once that may.
	Newest int64
	Data   []byte
}

// causes are the causes of loss by their number in stored reports.
var causes = []string{"", protocol.LostExpired, protocol.LostRefused, protocol.LostStorage}

// PackReceived puts reports that came one after the other and belong together
// into one row each. A row's data begins with the seconds of a slot. Of each report
// follow: how many slots it lies before the newest, its revision, the length of
// its counts times four plus the number of its cause of loss, and the counts; all
// numbers as varints.
func PackReceived(received []ReceivedReport) ([]ReceivedReports, error) {
	var rows []ReceivedReports
	var counts []byte
	for len(received) > 0 {
		first, n := &received[0], 1
		row := ReceivedReports{Run: first.Run, ReceivedAt: first.ReceivedAt, Newest: first.Slot}
		for ; n < len(received); n++ {
			if next := &received[n]; next.Run != first.Run || next.ReceivedAt != first.ReceivedAt ||
				next.SlotSeconds != first.SlotSeconds {
				break
			}
			row.Newest = max(row.Newest, received[n].Slot)
		}
		if _, err := slot.Check(int64(first.SlotSeconds)); err != nil {
			return nil, err
		}
		row.Data = binary.AppendUvarint(make([]byte, 0, 2+12*n), uint64(first.SlotSeconds))
		for i := range received[:n] {
			r := &received[i]
			cause := slices.Index(causes, r.Lost)
			if cause < 0 || r.Revision < 0 || (row.Newest-r.Slot)%int64(r.SlotSeconds) != 0 {
				return nil,
					fmt.Errorf("a report of slot %d, revision %d, lost %q can't be stored", r.Slot, r.Revision, r.Lost)
			}
			counts = r.Counts.AppendBinary(counts[:0])
			row.Data = binary.AppendUvarint(row.Data, uint64(row.Newest-r.Slot)/uint64(r.SlotSeconds))
			row.Data = binary.AppendUvarint(row.Data, uint64(r.Revision))
			row.Data = binary.AppendUvarint(row.Data, uint64(len(counts))<<2|uint64(cause))
			row.Data = append(row.Data, counts...)
		}
		rows, received = append(rows, row), received[n:]
	}
	return rows, nil
}

// errStoredReports is the error of data that PackReceived does not make.
var errStoredReports = errors.New("stored reports are damaged")

// Unpack calls f for each report of a row, in the order in which they came. The
// Run of these reports is the row's.
func (r *ReceivedReports) Unpack(f func(ReceivedReport) error) error {
	return r.each(func(report ReceivedReport, counts []byte) (err error) {
		if report.Counts, err = ParseBinaryCounts(counts); err != nil {
			return err
		}
		return f(report)
	})
}

// each calls f for each report of a row, with its counts as they are stored.
func (r *ReceivedReports) each(f func(report ReceivedReport, counts []byte) error) error {
	data := r.Data
	failed := false
	number := func() uint64 {
		value, n := binary.Uvarint(data)
		if n <= 0 {
			failed = true
			return 0
		}
		data = data[n:]
		return value
	}
	report := ReceivedReport{Run: r.Run, ReceivedAt: r.ReceivedAt}
	seconds := number()
	if failed || seconds == 0 || seconds > 86400 {
		return errStoredReports
	}
	report.SlotSeconds = int(seconds)
	for len(data) > 0 {
		before, revision, length := number(), number(), number()
		if failed || before > uint64(r.Newest)/seconds || revision > 1<<63-1 || length>>2 > uint64(len(data)) {
			return errStoredReports
		}
		report.Slot, report.Revision, report.Lost = r.Newest-int64(before*seconds), int64(revision), causes[length&3]
		counts := data[:length>>2]
		data = data[length>>2:]
		if err := f(report, counts); err != nil {
			return err
		}
	}
	return nil
}
