package simulation

import "github.com/openlts/openlts/core/protocol"

// customer is an organization and how its devices are used.
type customer struct {
	id, name, zone string
	codes          []code
}

// code is a handshake code with a license item of its own.
type code struct {
	organization, custom string
	item, title, way     string
	products             string
	product              protocol.Product
	device               string // what its devices are called, before their number
	network              string // they are in, of three numbers
	// share is how many of all devices use it, and least how many at least.
	share float64
	least int
	// fill is the part of the quota that is used in the end; 0: the quota is unlimited. quota, if
	// set, is the quota itself.
	fill  float64
	quota int64
	// ends is how many days before the last day the item ends (if negative: after it).
	ends int
	// domain is where the code may be used; "": anywhere.
	domain string
	// workdays and weekends are how likely a device works on one, opens and closes the
	// hours between which it does, in the customer's time.
	workdays, weekends, opens, closes float64
	types                             []kind
	oddity                            oddity
}

// full is the whole handshake code.
func (c *code) full() string { return c.organization + "-" + c.custom }

// kind is a type of operation: how often it comes, and how many at a time.
type kind struct {
	name        string
	often, each float64
}

// oddity is something that a device of a code should not do.
type oddity int

const (
	none      oddity = iota
	copied           // a machine is copied, and both go on
	skewed           // a clock is a day ahead
	mistyped         // somebody mistyped the code
	elsewhere        // it runs under a domain that is not the code's
	broken           // a disk breaks, and usage goes with it
)

// customers are the customers of the simulated server.
var customers = []customer{
	{id: "100001", name: "Example Corp", zone: "Europe/Berlin", codes: []code{{
		organization: "100001", custom: "warehouse", item: "warehouse-scans", title: "Barcodes of the warehouse",
		way: "scan", products: "DBR", product: protocol.ProductDBR, device: "Gate", network: "192.0.2", share: 0.3,
		least: 2, fill: 0.93, ends: -200, workdays: 0.85, weekends: 0.08, opens: 6, closes: 20, oddity: copied,
		types: []kind{{"QR_CODE", 1, 60}, {"CODE_128", 0.5, 35}, {"DATAMATRIX", 0.25, 20}},
	}, {
		organization: "100001", custom: "web", item: "web-scans", title: "Web shop", way: "scan",
		products: "DBR", product: protocol.ProductDBR, device: "Browser", network: "192.0.2", share: 0.08, least: 2,
		ends: -320, domain: "www.example.com", workdays: 0.35, weekends: 0.5, opens: 8, closes: 23.5, oddity: elsewhere,
		types: []kind{{"QR_CODE", 1, 4}, {"EAN_13", 0.4, 3}},
	}}},
	{id: "100002", name: "Northwind Logistics", zone: "America/New_York", codes: []code{{
		organization: "100002", custom: "fleet", item: "handhelds", title: "Handhelds", way: "device",
		products: "DBR", product: protocol.ProductDBR, device: "Handheld", network: "198.51.100", share: 0.28, least: 2,
		fill: 0.97, ends: -90, workdays: 0.9, weekends: 0.3, opens: 5, closes: 22, oddity: skewed,
		types: []kind{{"CODE_128", 1, 25}, {"PDF417", 0.4, 12}, {"QR_CODE", 0.2, 8}},
	}}},
	{id: "100003", name: "Sakura Retail", zone: "Asia/Tokyo", codes: []code{{
		organization: "100003", custom: "registers", item: "register-scans", title: "Cash registers", way: "scan",
		products: "DBR", product: protocol.ProductDBR, device: "Register", network: "203.0.113", share: 0.22, least: 2,
		fill: 0.6, ends: -12, workdays: 0.92, weekends: 0.95, opens: 9, closes: 21, oddity: mistyped,
		types: []kind{{"EAN_13", 1, 45}, {"EAN_8", 0.3, 8}, {"QR_CODE", 0.2, 6}},
	}}},
	{id: "100004", name: "Grey & Sons", zone: "Europe/London", codes: []code{{
		organization: "100004", custom: "capture", item: "pages", title: "Document pages", way: "page",
		products: "DWT", product: protocol.ProductDWT, device: "Scanner", network: "192.0.2", share: 0.1, least: 2,
		fill: 0.78, ends: -400, workdays: 0.8, weekends: 0.02, opens: 8, closes: 18, oddity: broken,
		types: []kind{{"PAGE_SCANNED", 1, 18}, {"PAGE_LOADED", 0.3, 9}, {"PAGE_RASTERIZED", 0.2, 7},
			{"PAGE_RECOGNIZED", 0.2, 5}},
	}}},
	{id: "100005", name: "Contoso Clinics", zone: "America/Chicago", codes: []code{{
		organization: "100005", custom: "pilot", item: "pilot-scans", title: "Pilot (ended)", way: "scan",
		products: "DBR", product: protocol.ProductDBR, device: "Ward", network: "198.51.100", share: 0.015, least: 2,
		ends: 16, workdays: 0.8, weekends: 0.6, opens: 7, closes: 19,
		types: []kind{{"DATAMATRIX", 1, 15}, {"CODE_128", 0.5, 6}},
	}, {
		organization: "100005", custom: "desk", item: "desks", title: "Front desks", way: "device",
		products: "DBR", product: protocol.ProductDBR, device: "Desk", network: "198.51.100", share: 0.005, least: 8,
		quota: 5, ends: -150, workdays: 0.85, weekends: 0.1, opens: 8, closes: 18,
		types: []kind{{"QR_CODE", 1, 12}, {"PDF417", 0.3, 5}},
	}}},
}
