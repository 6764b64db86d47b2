package main

import "strings"

// definitions is what the file source holds.
type definitions struct {
	StatusCodes  []value       `json:"statusCodes"`
	Structures   []structure   `json:"structures"`
	Enumerations []enumeration `json:"enumerations"`
}

// OperationTypes are those that are built in.
func (d definitions) OperationTypes() []value {
	for _, e := range d.Enumerations {
		if e.Name == "OperationType" {
			return e.Values
		}
	}
	return nil
}

// BuiltInTypes is a bit for each operation type, in words of 64.
func (d definitions) BuiltInTypes() [4]uint64 {
	var words [4]uint64
	for _, v := range d.OperationTypes() {
		words[v.Value/64] |= 1 << (v.Value % 64)
	}
	return words
}

type enumeration struct {
	Name    string  `json:"name"`
	Prefix  string  `json:"prefix"`
	Comment string  `json:"comment"`
	Values  []value `json:"values"`
}

// Flags tells whether the values are bits that may be combined.
func (e enumeration) Flags() bool { return e.Name == "StateFlag" || e.Name == "Product" }

type value struct {
	Name    string `json:"name"`
	Value   int    `json:"value"`
	Origin  string `json:"origin"`
	Message string `json:"message"`
	Advice  string `json:"advice"` // of status codes: what to do, in Markdown
	Unit    string `json:"unit"`
	Short   string `json:"short"`
	// Of charge ways: whether what is beyond the quota counts as exceptions, and
	// whether a seat lasts as long as a license is in use.
	Exceptions bool   `json:"exceptions"`
	Concurrent bool   `json:"concurrent"`
	Kind       string `json:"kind"`
	Import     string `json:"import"`
	Comment    string `json:"comment"`
}

// capitals are the parts of a name that Go and C# spell in capitals.
var capitals = map[string]bool{"OK": true, "LTS": true, "ABI": true, "QR": true, "DBR": true, "DLR": true, "DWT": true,
	"DCE": true, "DPS": true, "DPM": true, "GS1": true, "UPC": true, "EAN": true, "ITF": true, "KIX": true, "OEM": true,
	"DX": true, "USPS": true, "MSI": true, "RM4SCC": true, "PDF417": true, "ONED": true}

// camel turns NO_LICENSE into NoLicense.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if capitals[part] {
			b.WriteString(part)
		} else {
			b.WriteString(strings.ToUpper(part[:1]) + strings.ToLower(part[1:]))
		}
	}
	return b.String()
}

// statusConstant is the C and binding name of a status code.
func statusConstant(v value) string {
	if v.Value == 0 {
		return v.Name
	}
	return "ERR_" + v.Name
}
