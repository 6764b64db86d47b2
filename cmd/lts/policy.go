package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/replay"
)

type replayFlags struct {
	item, chargeWay, quota, from, until string
	charging                            chargingFlags
}

func (a *app) policy() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use: "replay", Short: "Show what past usage would have meant with other terms", Args: cobra.NoArgs,
		Long: `Evaluate the past usage of an item again, as if it had had another quota or charge
way: how much would have been used, how much beyond the quota, and which devices would
have been refused. It changes nothing. For comparison, it does the same with the
item's own terms.

This assumes that a device asks for one instance when it begins to count, and then
once a day. It begins without any seats on the item, so if seats last long, start some
time before the days that matter. A refused device would not have counted: its units
are listed separately.`,
		Example: `  lts policy replay --item scans --quota 500000 --from 2026-10-01
  lts policy replay --item scans --charge-way concurrent-device --quota 20 --from 2026-10-01 --until 2026-11-01`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := f.input(cmd)
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				replayed, err := s.Replay(cmd.Context(), f.item, in)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), replayed)
				}
				return printReplay(cmd.OutOrStdout(), &replayed)
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

// input reads the terms under which to replay usage.
func (f *replayFlags) input(cmd *cobra.Command) (in administration.ReplayInput, err error) {
	in.ChargeWay = f.chargeWay
	if f.quota != "" {
		quota, err := parseQuota(f.quota)
		if err != nil {
			return in, err
		}
		in.Quota = &quota
	}
	if in.ChargeTerms, err = f.charging.parse(cmd); err != nil {
		return in, err
	}
	if in.From, err = parseTime("from", f.from); err != nil {
		return in, err
	}
	if in.Until = time.Now().Unix(); f.until != "" {
		if in.Until, err = parseTime("until", f.until); err != nil {
			return in, err
		}
	}
	if in.Until <= in.From {
		return in, errors.New("--until is not after --from")
	}
	return in, nil
}

func printReplay(w io.Writer, c *administration.Replayed) error {
	if _, err := fmt.Fprintf(w, "item %s from %s until %s (UTC): %d devices counted in %d slots\n\n",
		c.Item, formatTime(c.From), formatTime(c.Until), c.Devices, c.Slots); err != nil {
		return err
	}
	t := newTable(w, "", "ITS TERMS", "OTHER TERMS")
	row := func(name string, value func(replay.Outcome) any) { t.row(name, value(c.Own), value(c.Other)) }
	t.row("charge way", c.OwnTerms.ChargeWay, c.OtherTerms.ChargeWay)
	t.row("quota", administration.FormatQuota(c.OwnTerms.Quota), administration.FormatQuota(c.OtherTerms.Quota))
	row("used at the end", func(o replay.Outcome) any { return o.Quota.Used })
	row("used at most", func(o replay.Outcome) any { return o.Peak })
	row("state at the end", func(o replay.Outcome) any { return o.Quota.State })
	row("exceptions", func(o replay.Outcome) any { return exceptionsOf(o.Quota) })
	row("authorizations", func(o replay.Outcome) any { return o.Asked })
	row("beyond the quota", func(o replay.Outcome) any { return o.Beyond })
	row("refused", func(o replay.Outcome) any { return o.Refused })
	row("devices refused", func(o replay.Outcome) any { return o.RefusedDevices })
	row("refused first (UTC)", func(o replay.Outcome) any { return formatTime(o.FirstRefusal) })
	t.row("units not counted", lostUnits(c.OwnTerms.ChargeWay, c.Own), lostUnits(c.OtherTerms.ChargeWay, c.Other))
	return t.end()
}

// lostUnits returns the units that were not counted; where seats are counted, there are none.
func lostUnits(way string, o replay.Outcome) any {
	if !administration.CountsUnits(way) {
		return ""
	}
	return o.LostUnits
}

func exceptionsOf(q protocol.Quota) string {
	if q.ExceptionsAllowed <= 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", q.Exceptions, q.ExceptionsAllowed)
}
