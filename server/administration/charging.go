package administration

import (
	"strconv"
	"strings"
	"time"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// UsualTerms are the default numbers by which items of a charge way are charged; see policy.Usual.
func UsualTerms(chargeWay string) (store.Charging, error) {
	way, err := ParseChargeWay(chargeWay)
	return policy.Usual(way), err
}

// ParseLasting reads a time such as 90d or 1h30m, in seconds.
func ParseLasting(text string) (int64, error) {
	wrong := invalid("", "%.40q is not a time of whole seconds; give for example 90d, 24h or 4m30s", text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n < 0 {
			return 0, wrong
		}
		return n * 24 * 60 * 60, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d%time.Second != 0 {
		return 0, wrong
	}
	return int64(d / time.Second), nil
}

// FormatLasting is the inverse of ParseLasting.
func FormatLasting(seconds int64) string {
	const day = 24 * 60 * 60
	if seconds > 0 && seconds%day == 0 {
		return strconv.FormatInt(seconds/day, 10) + "d"
	}
	text := (time.Duration(seconds) * time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// stated lists the terms that an item sets itself, for the audit; "" if it sets none.
func stated(c store.Charging) string {
	var text strings.Builder
	for _, term := range []struct {
		name  string
		value *int64
		lasts bool
	}{
		{"tolerance", c.Tolerance, false}, {"exceptions", c.Exceptions, false}, {"slot", c.Slot, true},
		{"a seat lasts", c.Window, true}, {"at least", c.Least, true}, {"without a home", c.Brief, true},
	} {
		switch {
		case term.value == nil:
		case term.lasts:
			text.WriteString(", " + term.name + " " + FormatLasting(*term.value))
		default:
			text.WriteString(", " + term.name + " " + strconv.FormatInt(*term.value, 10))
		}
	}
	return text.String()
}
