package main

import (
	"strconv"

	"github.com/spf13/cobra"
)

func (a *app) deviceKeys() *cobra.Command {
	return &cobra.Command{
		Use: "keys UUID", Short: "List the keys a device was authorized with", Args: cobra.ExactArgs(1),
		Long: `List the keys with which a client UUID was authorized, the first one first.

A further key reports separately from the first: either the device's data was deleted,
or somebody else uses its UUID. "confirmed" means that an administrator said that it
is the same device.`,
		Example: `  lts device keys 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				keys, err := s.DeviceKeys(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), keys)
				}
				t := newTable(cmd.OutOrStdout(), "KEY", "FIRST SEEN (UTC)", "REPORTS", "CONFIRMED (UTC)",
					"RECORDED", "COUNTED")
				for _, k := range keys {
					reports, recorded := "separate", ""
					if k.Reporter == 0 || k.ConfirmedAt != 0 {
						reports = "as the device"
					}
					if k.Account != nil {
						recorded = strconv.FormatInt(k.Account.Recorded, 10)
					}
					t.row(k.KeyID, formatTime(k.CreatedAt), reports, formatTime(k.ConfirmedAt), recorded, k.Accepted)
				}
				return t.end()
			})
		},
	}
}

func (a *app) confirmKey() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "confirm-key UUID", Short: "Say that a further key is the device's own", Args: cobra.ExactArgs(1),
		Long: `Say that a further key of a client UUID is the device's own, because its data was
deleted, for example: from now on it reports like the first key, and items that
refuse clones grant it. What both keys reported of the same run stays separate.`,
		Example: `  lts device confirm-key 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a --key QD0Vz0T4cT0wFZ9b`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				left, err := s.ConfirmKey(cmd.Context(), args[0], key)
				if err != nil {
					return err
				}
				if left > 0 && !a.json {
					return a.done(cmd, args[0], "key %s of device %s is confirmed; %d runs that both keys "+
						"reported stay apart", key, args[0], left)
				}
				return a.done(cmd, args[0], "key %s of device %s is confirmed", key, args[0])
			})
		},
	}
	// it may begin with a dash
	cmd.Flags().StringVar(&key, "key", "", "the `id` of the key, as \"lts device keys\" lists it (required)")
	required(cmd, "key")
	return cmd
}

func (a *app) clearClone() *cobra.Command {
	return &cobra.Command{
		Use: "clear-clone UUID", Short: "Say that a device that looked like several is one", Args: cobra.ExactArgs(1),
		Long: `Say that you have looked into a device for which more was counted than it recorded.
Items that refuse clones grant it again, until that happens once more.`,
		Example: `  lts device clear-clone 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.ClearClone(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "device %s is taken for one device", args[0])
			})
		},
	}
}
