package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// timeHelp tells what parseTime reads.
const timeHelp = "2026-01-31 (its first instant in UTC), 2026-01-31T12:00:00Z, or seconds since 1970"

// parseTime reads a moment, in seconds since 1970.
func parseTime(flag, text string) (int64, error) {
	if unix, err := strconv.ParseInt(text, 10, 64); err == nil && unix >= 0 && unix <= policy.MaxSlot {
		return unix, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Unix() >= 0 {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("--%s %q is not a time; give %s", flag, text, timeHelp)
}

func parseQuota(text string) (int64, error) {
	if strings.EqualFold(text, administration.Unlimited) {
		return store.Unlimited, nil
	}
	quota, err := strconv.ParseInt(text, 10, 64)
	if err != nil || quota < 1 {
		return 0, fmt.Errorf("--quota %q is not a number from 1 on or %q", text, administration.Unlimited)
	}
	return quota, nil
}
