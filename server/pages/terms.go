package pages

import (
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// term is a number by which items are charged, as a field of a form.
type term struct {
	name        string // of the field
	Title, Text string
	lasts       bool // it is a time, such as 90d
	of          func(*store.Charging) **int64
}

// terms are all terms; each charge way has some of them.
var terms = []term{
	{name: "tolerance", Title: "Tolerance in percent", Text: "How much is allowed beyond the quota.",
		of: func(c *store.Charging) **int64 { return &c.Tolerance }},
	{
		name: "exceptions", Title: "Exceptions", Text: "How many are allowed within 365 days, for each one of " +
			"the quota.",
		of: func(c *store.Charging) **int64 { return &c.Exceptions },
	},
	{name: "slot", Title: "Slot in seconds", Text: "The length of the slots in which seats are counted.",
		of: func(c *store.Charging) **int64 { return &c.Slot }},
	{
		name: "window", Title: "A seat lasts",
		Text: "After the device's last request, such as 90d, 24h or 4m.", lasts: true,
		of: func(c *store.Charging) **int64 { return &c.Window },
	},
	{
		name: "least", Title: "A seat lasts at least", Text: "Even beyond the item's end.", lasts: true,
		of: func(c *store.Charging) **int64 { return &c.Least },
	},
	{
		name: "brief", Title: "A seat of a device without storage",
		Text: "The longest seat of a device that can't store its identity, as in a container.", lasts: true,
		of: func(c *store.Charging) **int64 { return &c.Brief },
	},
}

// ways say how each charge way counts.
var ways = []struct{ way, Title, Text string }{
	{"scan", "Barcodes", "Each barcode that is read. Beyond quota and tolerance, all devices are refused."},
	{"page", "Pages", "Each page that is processed. Beyond quota and tolerance, all devices are refused."},
	{"device", "Devices on a list", "A device stays on the list for a time after its last request. Beyond quota " +
		"and tolerance, new devices are refused; those on the list continue."},
	{"instance", "Instances on a list", "Like devices, but each machine counts with the number of instances it " +
		"asks for."},
	{"concurrent-device", "Devices active at once", "Those active in the same slot. Each one beyond the quota " +
		"is an exception; once these are used up, all devices are refused."},
	{"concurrent-instance", "Instances active at once",
		"Like devices active at once, but each machine counts with the number of instances it asks for."},
	{"active-device", "Active devices",
		"Those active within the last 24 hours. Each one beyond the quota is an exception in each slot."},
	{"daily-active-device", "Devices active within a day", "Like active devices, but not beyond the item's end."},
	{"monthly-active-device", "Devices active within 30 days",
		"Each one beyond the quota is an exception in each slot."},
	{"quarterly-active-device", "Devices active within 90 days",
		"Each one beyond the quota is an exception in each slot."},
	{"yearly-active-device", "Devices active within 365 days",
		"Each one beyond the quota is an exception in each slot."},
	{"domain", "Domains", "Each registrable domain, such as example.com, with any number of devices and " +
		"subdomains, for good. New ones beyond the quota are refused."},
}

// Way is what a charge way counts, in words.
func (v *view) Way(way string) string {
	for _, w := range ways {
		if w.way == way {
			return v.T(w.Title)
		}
	}
	return way
}

// wayOptions are the charge ways to choose from.
func (v *view) wayOptions(chosen string) (list []option) {
	for _, way := range administration.ChargeWayNames() {
		list = append(list, option{Value: way, Text: v.Way(way), Selected: way == chosen})
	}
	return list
}

// written writes the value of a term.
func (t term) written(value int64) string {
	if t.lasts {
		return administration.FormatLasting(value)
	}
	return strconv.FormatInt(value, 10)
}

// chargeTerms reads the terms of a form; nil: it has none.
func (r *request) chargeTerms() (*store.Charging, error) {
	var stated store.Charging
	sent := false
	for _, t := range terms {
		if _, has := r.Form[t.name]; !has {
			continue
		}
		sent = true
		text := strings.TrimSpace(r.Form.Get(t.name))
		if text == "" {
			continue
		}
		var value int64
		var err error
		if t.lasts {
			value, err = administration.ParseLasting(text)
		} else {
			value, err = strconv.ParseInt(plainNumber(text), 10, 64)
		}
		if err != nil {
			return nil, mistake(t.name, "this is not a number, or a time such as 90d, 24h or 4m")
		}
		*t.of(&stated) = &value
	}
	if !sent {
		return nil, nil //nolint:nilnil // no terms are an answer
	}
	return &stated, nil
}

// Terms are the fields for the terms of a charge way, with the values that an item sets; without a
// charge way, all.
func (v *view) Terms(way string, stated store.Charging) (fields []field) {
	usual, err := administration.UsualTerms(way)
	for _, t := range terms {
		standard := *t.of(&usual)
		if way != "" && (err != nil || standard == nil) {
			continue
		}
		value := ""
		if own := *t.of(&stated); own != nil {
			value = t.written(*own)
		}
		f := v.Field("text", t.name, t.Title, t.Text, value)
		if f.Placeholder = v.T("as the charge way says"); standard != nil {
			f.Placeholder = t.written(*standard)
		}
		fields = append(fields, f)
	}
	return fields
}

// QueryTerms are the fields for the terms of a charge way, with the values from the address.
func (v *view) QueryTerms(way string) []field {
	fields := v.Terms(way, store.Charging{})
	for i := range fields {
		fields[i].Value = v.Query(fields[i].Name)
	}
	return fields
}

// explained describes how a charge way counts.
type explained struct {
	Way, Title, Text string
	Terms            []named // its default numbers
}

// Ways explain one charge way, or all.
func (v *view) Ways(only string) (list []explained) {
	for _, w := range ways {
		if only != "" && w.way != only {
			continue
		}
		e := explained{Way: w.way, Title: v.T(w.Title), Text: v.T(w.Text)}
		usual, err := administration.UsualTerms(w.way)
		if err != nil { // the server does not know it
			continue
		}
		for _, t := range terms {
			if value := *t.of(&usual); value != nil {
				e.Terms = append(e.Terms, named{Name: v.T(t.Title), Units: t.written(*value)})
			}
		}
		list = append(list, e)
	}
	return list
}

// NoTerms are terms without values.
func (v *view) NoTerms() store.Charging { return store.Charging{} }

// Holding are the numbers that an item sets itself and that differ from those of its charge way.
func (v *view) Holding(i administration.Item) (list []named) {
	for _, t := range terms {
		if own := *t.of(&i.ChargeTerms); own != nil {
			list = append(list, named{Name: v.T(t.Title), Units: t.written(*own)})
		}
	}
	return list
}
