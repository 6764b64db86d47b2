package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/replay"
	"github.com/openlts/openlts/server/store"
)

type replayFlags struct {
	item, chargeWay, quota, from, until string
	charging                            chargingFlags
}

func (a *app) policy() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use: "replay", Short: "What would past usage have meant under other terms?", Args: cobra.NoArgs,
		Long: `Go through the past usage of an item again, as if it had had another quota or
charge way: how much would have been used, who refused, what beyond the quota. It
changes nothing. Its own terms are replayed beside them, to compare with.

A device is taken to ask when it begins to count and once a day from then on, for one
instance; it begins with nobody on the item, so give it some time before the days
that matter, if seats last long. Who is refused would not have counted: its units
are told apart.`,
		Example: `  lts policy replay --item scans --quota 500000 --from 2026-10-01
  lts policy replay --item scans --charge-way concurrent-device --quota 20 --from 2026-10-01 --until 2026-11-01`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				c, own, other, err := f.compare(cmd, s)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), c)
				}
				return printReplay(cmd.OutOrStdout(), &c, own, other)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.item, "item", "", "the `id` of the item (required)")
	flags.StringVar(&f.chargeWay, "charge-way", "", "another `way` to charge it")
	flags.StringVar(&f.quota, "quota", "", "another quota: how `many`, or unlimited")
	flags.StringVar(&f.from, "from", "", "the first `time`: "+timeHelp+" (required)")
	flags.StringVar(&f.until, "until", "", "the `time` to end with (default now)")
	f.charging.add(cmd)
	required(cmd, "item", "from")
	return group("policy", "Try other terms on past usage", cmd)
}

func (f *replayFlags) compare(cmd *cobra.Command, s store.Store) (c replay.Comparison, own, other store.Item, err error) {
	err = s.Update(cmd.Context(), func(tx store.Tx) (err error) {
		own, err = tx.Item(f.item)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("there is no item %q; see `lts item list`", f.item)
	}
	if err != nil {
		return c, own, other, err
	}
	other = own
	if f.chargeWay != "" {
		if other.ChargeWay, err = administration.ParseChargeWay(f.chargeWay); err != nil {
			return c, own, other, err
		}
		if other.ChargeWay != own.ChargeWay {
			other.Charging = store.Charging{} // what it states is of the other way
		}
	}
	if f.quota != "" {
		if other.Quota, err = parseQuota(f.quota); err != nil {
			return c, own, other, err
		}
	}
	stated, err := f.charging.parse(cmd)
	if err != nil {
		return c, own, other, err
	}
	if stated != (store.Charging{}) {
		other.Charging = stated
	}
	if err := policy.CheckCharging(other); err != nil {
		return c, own, other, err
	}
	from, err := parseTime("from", f.from)
	if err != nil {
		return c, own, other, err
	}
	until := time.Now().Unix()
	if f.until != "" {
		if until, err = parseTime("until", f.until); err != nil {
			return c, own, other, err
		}
	}
	if until <= from {
		return c, own, other, errors.New("--until is not after --from")
	}
	c, err = replay.Compare(cmd.Context(), s, own, other, from, until)
	return c, own, other, err
}

func printReplay(w io.Writer, c *replay.Comparison, own, other store.Item) error {
	if _, err := fmt.Fprintf(w, "item %s from %s until %s (UTC): %d devices counted in %d slots\n\n",
		own.ID, formatTime(c.From), formatTime(c.Until), c.Devices, c.Slots); err != nil {
		return err
	}
	t := newTable(w, "", "ITS TERMS", "OTHER TERMS")
	row := func(name string, value func(replay.Outcome) any) { t.row(name, value(c.Own), value(c.Other)) }
	t.row("charge way", administration.FormatChargeWay(own.ChargeWay), administration.FormatChargeWay(other.ChargeWay))
	t.row("quota", formatQuota(own.Quota), formatQuota(other.Quota))
	row("used at the end", func(o replay.Outcome) any { return o.Quota.Used })
	row("used at most", func(o replay.Outcome) any { return o.Peak })
	row("state at the end", func(o replay.Outcome) any { return o.Quota.State })
	row("exceptions", func(o replay.Outcome) any { return exceptionsOf(o.Quota) })
	row("authorizations", func(o replay.Outcome) any { return o.Asked })
	row("beyond the quota", func(o replay.Outcome) any { return o.Beyond })
	row("refused", func(o replay.Outcome) any { return o.Refused })
	row("devices refused", func(o replay.Outcome) any { return o.RefusedDevices })
	row("refused first (UTC)", func(o replay.Outcome) any { return formatTime(o.FirstRefusal) })
	row("units not counted", func(o replay.Outcome) any { return o.LostUnits })
	return t.end()
}

func exceptionsOf(q protocol.Quota) string {
	if q.ExceptionsAllowed <= 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", q.Exceptions, q.ExceptionsAllowed)
}
