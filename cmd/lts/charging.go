package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// chargingFlags are the flags that make charging of an item differ from its charge way.
type chargingFlags struct {
	tolerance, exceptions, slot int64
	lasts, least, brief         string
}

func (f *chargingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Int64Var(&f.tolerance, "tolerance", 0,
		"how many `percent` beyond the quota are allowed (default by the charge way: 5, 10 or 0)")
	flags.Int64Var(&f.exceptions, "exceptions", 0,
		"how `many` exceptions are allowed within 365 days, for each one of the quota (default 1000)")
	flags.Int64Var(&f.slot, "slot", 0, "the length in `seconds` of the slots in which seats are counted (default 180)")
	flags.StringVar(&f.lasts, "seat", "", "how long a seat lasts after its device was heard of: a `time` such as 90d, "+
		"24h or 4m (default by the charge way)")
	flags.StringVar(&f.least, "seat-least", "",
		"the `time` it lasts at least, also beyond the item's end (default 7d, on lists)")
	flags.StringVar(&f.brief, "seat-brief", "",
		"the `time` it lasts at most if the device can keep no identity, as in a container (default 24h)")
}

// parse reads the flags that were given; the item sets only these.
func (f *chargingFlags) parse(cmd *cobra.Command) (store.Charging, error) {
	var c store.Charging
	for name, number := range map[string]struct {
		value int64
		to    **int64
	}{"tolerance": {f.tolerance, &c.Tolerance}, "exceptions": {f.exceptions, &c.Exceptions},
		"slot": {f.slot, &c.Slot}} {
		if cmd.Flags().Changed(name) {
			*number.to = &number.value
		}
	}
	for _, lasting := range []struct {
		name, text string
		to         **int64
	}{{"seat", f.lasts, &c.Window}, {"seat-least", f.least, &c.Least}, {"seat-brief", f.brief, &c.Brief}} {
		if !cmd.Flags().Changed(lasting.name) {
			continue
		}
		seconds, err := administration.ParseLasting(lasting.text)
		if err != nil {
			return c, fmt.Errorf("--%s: %w", lasting.name, err)
		}
		*lasting.to = &seconds
	}
	return c, nil
}

// left tells how much beyond a quota is still allowed, and of what.
func left(q protocol.Quota) string {
	switch {
	case q.Limit < 0:
		return ""
	case q.ExceptionsAllowed > 0 || q.Exceptions > 0:
		return fmt.Sprintf("%d of %d exceptions", max(0, q.ExceptionsAllowed-q.Exceptions), q.ExceptionsAllowed)
	case q.Tolerance > 0:
		return fmt.Sprintf("%d of %d", max(0, min(q.Tolerance, q.Limit+q.Tolerance-q.Used)), q.Tolerance)
	}
	return "none"
}
