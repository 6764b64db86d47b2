package store

import (
	"fmt"
	"strings"

	"github.com/openlts/openlts/core/protocol"
)

// HandshakeCodeUse is a handshake code with its items.
type HandshakeCodeUse struct {
	HandshakeCode
	Items []string // ids, in the order of use as far as positions are set
}

// ItemUse is an item with its use.
type ItemUse struct {
	Item
	Used  int64 // units counted by reports
	Seats int64 // devices on its list that have not expired
	// Requests are the authorizations granted, of an item that limits them.
	Requests int64
	Codes    []string // the handshake codes it is attached to
}

// DeviceUse is a device with its seats.
type DeviceUse struct {
	Device
	Keys  int64 // public keys seen; more than one is an anomaly
	Seats []DeviceSeat
	// Account is what the device said last of its usage over all times; nil if it
	// never did.
	Account *protocol.DeviceAccount
}

// DeviceKeyUse is a key that a device was authorized with.
type DeviceKeyUse struct {
	KeyID     string `json:"id"`
	PublicKey []byte `json:"-"`
	Reporter  int64  `json:"reporter"` // 0: its first
	CreatedAt int64  `json:"createdAt"`
	// ConfirmedAt is when an administrator confirmed it; 0: its reports are kept
	// apart from those of the first.
	ConfirmedAt int64                   `json:"confirmedAt,omitempty"`
	Account     *protocol.DeviceAccount `json:"account,omitempty"`
	Accepted    int64                   `json:"accepted"`
}

// DeviceSeat is a device's place on the list of an item.
type DeviceSeat struct {
	Item      string `json:"item"`
	ExpiresAt int64  `json:"expiresAt"`
}

// Column is something statistics can be grouped by.
type Column string

// Columns of statistics.
const (
	ByHandshake Column = "handshake"
	ByItem      Column = "item"
	ByType      Column = "type"
	BySlot      Column = "slot" // its start, in seconds since 1970
	ByHour      Column = "hour" // its start, likewise
	ByDay       Column = "day"  // its start in UTC, likewise
	ByDevice    Column = "device"
)

// Columns are all columns of statistics.
var Columns = []Column{ByHandshake, ByItem, ByType, BySlot, ByHour, ByDay, ByDevice}

// Number tells whether the column's values are numbers.
func (c Column) Number() bool { return c == BySlot || c == ByHour || c == ByDay }

// ParseColumns reads a comma-separated list of columns.
func ParseColumns(list string) ([]Column, error) {
	var columns []Column
	for name := range strings.SplitSeq(list, ",") {
		column, known := Column(strings.TrimSpace(name)), false
		for _, c := range Columns {
			known = known || c == column
		}
		if !known {
			return nil, fmt.Errorf("there is no column %q; choose from handshake, item, type, slot, hour, day, device", name)
		}
		for _, c := range columns {
			if c == column {
				return nil, fmt.Errorf("the column %q is named twice", name)
			}
		}
		columns = append(columns, column)
	}
	return columns, nil
}

// StatisticsQuery says which operations to sum up, and by what.
type StatisticsQuery struct {
	By            []Column // one or more
	HandshakeCode string   // "": all
	Item          string   // its id; "": all
	Since, Until  int64    // the slots from Since on and before Until; 0: no bound
}

// Statistics are sums of counted operations.
type Statistics struct {
	Total int64 // counted
	// Lost is what devices declared as never to come, by cause.
	Lost map[string]int64
	Rows []StatisticsRow
}

// StatisticsRow is the count of one group.
type StatisticsRow struct {
	Values []any // string or int64, in the order of the query's columns
	Count  int64
}

// Verification is the outcome of recomputing the totals.
type Verification struct {
	Reports     int64        `json:"reports"`     // raw reports read
	Totals      int64        `json:"totals"`      // totals compared
	Differences []Difference `json:"differences"` // where stored and recomputed differ; at most 1000
}

// Difference is a place where what is stored is not what the raw reports give.
type Difference struct {
	What       string `json:"what"`  // "total", "item usage" or "loss"
	Where      string `json:"where"` // of what, for people
	Stored     int64  `json:"stored"`
	Recomputed int64  `json:"recomputed"`
}
