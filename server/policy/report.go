package policy

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Limits of reports.
const (
	// MaxCount is the largest count: the largest integer that every JSON reader keeps exactly.
	MaxCount = 1<<53 - 1
	// MaxSlot is the last moment of the year 9999.
	MaxSlot = 253402300799
	// Horizon is how far ahead of the server's clock a device's clock may be, in seconds: a hundred
	// years. Usage counts with any wrong clock, but later times must be forged, to come after
	// everything that is possible.
	Horizon = 100 * 365 * 24 * 60 * 60
	// revisionBits is by how many bits a client shifts its clock to get a revision above all that
	// it may have forgotten.
	revisionBits = 20
	// MaxIDLength is the longest handshake code or item id, in bytes.
	MaxIDLength = 128
)

// CheckGroup says whether what the reports of a group have in common is well
// formed; if not, none of them can be counted.
func CheckGroup(group *protocol.ReportGroup) error {
	if !ValidUUID(group.Run) {
		return Malformed("the run %.40q is not a UUID in lower case", group.Run)
	}
	if len(group.HandshakeCode) > MaxIDLength || len(group.Item) > MaxIDLength {
		return Malformed("the handshake code or the item is longer than %d bytes", MaxIDLength)
	}
	if _, err := slot.Check(int64(group.SlotSeconds)); err != nil {
		return Malformed("%w", err)
	}
	return nil
}

// CheckReport says whether a report is well formed. now is the server's clock.
func CheckReport(report *protocol.Report, slotSeconds int, now int64) error {
	latest := min(now+Horizon, MaxSlot)
	switch {
	case report.Slot < 0 || report.Slot > latest || report.Slot%int64(slotSeconds) != 0:
		return Malformed("the slot %d is not the start of a slot of %d s that can be", report.Slot, slotSeconds)
	case report.Revision < 1 || report.Revision > latest<<revisionBits:
		return Malformed("the revision %d is not from 1 to %d", report.Revision, latest<<revisionBits)
	case len(report.Counts) == 0 || len(report.Counts) > protocol.OperationTypes:
		return Malformed("a report has 1 to %d counts, not %d", protocol.OperationTypes, len(report.Counts))
	}
	switch report.Lost {
	case "", protocol.LostExpired, protocol.LostRefused, protocol.LostStorage:
	default:
		return Malformed("there is no cause of loss %.40q", report.Lost)
	}
	for name, n := range report.Counts {
		if !protocol.ValidOperationTypeName(name) {
			return Malformed("%.70q is not the name of an operation type", name)
		}
		if n < 1 || n > MaxCount {
			return Malformed("the count %d of %s is not from 1 to %d", n, name, int64(MaxCount))
		}
	}
	return nil
}

// AccountProblem says what is impossible in a device's account or its time; "" if nothing.
func AccountProblem(account *protocol.DeviceAccount, sentAt, now int64) string {
	if sentAt < 0 || sentAt > now+Horizon {
		return fmt.Sprintf("sent at %d, a moment that can't be", sentAt)
	}
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

// Malformed is the error of what is not as the protocol says: a clause that names what, and how
// it should be.
func Malformed(format string, arguments ...any) error {
	return protocol.Errorf(protocol.StatusRequestMalformed, format, arguments...)
}
