package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

// filters are the flags that filter lists; each list has only those that apply to it.
type filters struct {
	selection    administration.Selection
	since, until string
	limit        int
}

// listing is a command that lists.
type listing[R any] struct {
	what, long, example string
	flags               string // of: o h i d k s t m, for org, handshake, item, device, kind, state, text, moment
	kind                string // what --kind is about
	sorts               string // by what it can be sorted; "": not
	limit               int    // at most so many unless told otherwise; 0: all
	read                func(service, context.Context, administration.Selection) (administration.Page[R], error)
	columns             []string
	row                 func(R) []any
}

// list makes the command.
func list[R any](a *app, l listing[R]) *cobra.Command {
	var f filters
	cmd := &cobra.Command{
		Use: "list", Short: "List " + l.what, Long: l.long, Args: cobra.NoArgs, Example: l.example,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			least := 0
			if l.limit > 0 {
				least = 1
			}
			if err := checkLimit(f.limit, least); err != nil {
				return err
			}
			if f.since != "" {
				if f.selection.Since, err = parseTime("since", f.since); err != nil {
					return err
				}
			}
			if f.until != "" {
				if f.selection.Until, err = parseTime("until", f.until); err != nil {
					return err
				}
			}
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := all(cmd.Context(), f.selection, f.limit,
					func(ctx context.Context, selection administration.Selection) (administration.Page[R], error) {
						return l.read(s, ctx, selection)
					})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), l.columns...)
				for _, r := range rows {
					t.row(l.row(r)...)
				}
				return t.end()
			})
		},
	}
	flags := cmd.Flags()
	for _, flag := range l.flags {
		switch flag {
		case 'o':
			flags.StringArrayVar(&f.selection.Organizations, "org", nil,
				"only of the organization with this `id`; may be repeated")
		case 'h':
			flags.StringArrayVar(&f.selection.Codes, "handshake", nil, "only of this handshake `code`; may be repeated")
		case 'i':
			flags.StringArrayVar(&f.selection.Items, "item", nil, "only of the item with this `id`; may be repeated")
		case 'd':
			flags.StringArrayVar(&f.selection.Devices, "device", nil,
				"only of the device with this `UUID`; may be repeated")
		case 'k':
			flags.StringArrayVar(&f.selection.Kinds, "kind", nil, "only this `"+l.kind+"`; may be repeated")
		case 's':
			flags.StringArrayVar(&f.selection.States, "state", nil,
				"only active, future, expired or revoked ones; may be repeated")
		case 't':
			flags.StringVar(&f.selection.Text, "search", "", "only what contains this `text` in its id, name or reason")
		case 'm':
			flags.StringVar(&f.since, "since", "", "only from this `time` on: "+timeHelp)
			flags.StringVar(&f.until, "until", "", "only before this `time`")
		}
	}
	if l.sorts != "" {
		flags.StringVar(&f.selection.Sort, "sort", "", "sort by `"+l.sorts+"`")
		flags.BoolVar(&f.selection.Descending, "reverse", false, "sort the other way round")
	}
	flags.IntVar(&f.limit, "limit", l.limit, "at most so `many`; 0: all")
	return cmd
}
