package policy

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Limits of reports.
const (
	// MaxCount is the largest count: the largest whole number every JSON reader
	// keeps exactly.
	MaxCount = 1<<53 - 1
	// MaxSlot is the last moment of the year 9999.
	MaxSlot = 253402300799
	// MaxIDLength is the longest handshake code or item id, in bytes.
	MaxIDLength = 128
)

// CheckGroup says whether what the reports of a group have in common is well
// formed; if not, none of them can be counted.
func CheckGroup(group *protocol.ReportGroup) error {
	if !ValidUUID(group.Run) {
		return malformed("the run %.40q is not a UUID in lower case", group.Run)
	}
	if len(group.HandshakeCode) > MaxIDLength || len(group.Item) > MaxIDLength {
		return malformed("the handshake code or the item is longer than %d bytes", MaxIDLength)
	}
	if _, err := slot.Check(int64(group.SlotSeconds)); err != nil {
		return malformed("%w", err)
	}
	return nil
}

// CheckReport says whether a report is well formed.
func CheckReport(report *protocol.Report, slotSeconds int) error {
	switch {
	case report.Slot < 0 || report.Slot > MaxSlot || report.Slot%int64(slotSeconds) != 0:
		return malformed("the slot %d is not the start of a slot of %d s", report.Slot, slotSeconds)
	case report.Revision < 1:
		return malformed("the revision %d is not 1 or more", report.Revision)
	case len(report.Counts) == 0 || len(report.Counts) > protocol.OperationTypes:
		return malformed("a report has 1 to %d counts, not %d", protocol.OperationTypes, len(report.Counts))
	}
	switch report.Lost {
	case "", protocol.LostExpired, protocol.LostRefused, protocol.LostStorage:
	default:
		return malformed("there is no cause of loss %.40q", report.Lost)
	}
	for name, n := range report.Counts {
		if !protocol.ValidOperationTypeName(name) {
			return malformed("%.70q is not the name of an operation type", name)
		}
		if n < 1 || n > MaxCount {
			return malformed("the count %d of %s is not from 1 to %d", n, name, int64(MaxCount))
		}
	}
	return nil
}

// AccountProblem says what makes no sense in what a device says of its usage; ""
// if nothing.
func AccountProblem(account *protocol.DeviceAccount) string {
	for _, n := range []int64{account.Recorded, account.Expired, account.Refused, account.Storage} {
		if n < 0 || n > MaxCount {
			return fmt.Sprintf("%d is not from 0 to %d", n, int64(MaxCount))
		}
	}
	if lost := account.Expired + account.Refused + account.Storage; lost > account.Recorded {
		return fmt.Sprintf("lost %d operations, but recorded %d", lost, account.Recorded)
	}
	return ""
}

// ValidUUID tells whether this is a UUID in its usual form, in lower case.
func ValidUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func malformed(format string, arguments ...any) error {
	return protocol.Errorf(protocol.StatusRequestMalformed, format, arguments...)
}
