package protocol

//go:generate go run -C ../.. ./build/generate

// Status is a status code: 0 is success, everything negative an error. The
// numbers from -20000 to -20200 and their messages are those the vendor
// publishes (docs/compatibility.md, "Authorization"), so that existing error handling keeps working.
type Status int32

// Name is the code's stable name, such as "LIMIT_EXCEEDED"; "UNKNOWN" for a
// number this version does not know.
func (s Status) Name() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return "UNKNOWN"
}

// Message is the code's text for people. Texts may change between versions; programs should compare
// the number.
func (s Status) Message() string {
	if message, ok := statusMessages[s]; ok {
		return message
	}
	return "Unknown status code."
}

// Error makes a Status usable as an error.
func (s Status) Error() string { return s.Message() }

// FromServer tells whether servers answer with this code. Decision tells which codes decide about a
// license; STANDBY_REFUSES, for one, just means "ask the main server".
func (s Status) FromServer() bool { return s <= -20100 && s > -20200 }

// Refusals are the codes with which servers refuse authorizations, in no order.
func Refusals() (refusals []Status) {
	for s := range statusNames {
		if s.Decision() || s == StatusStandbyRefuses {
			refusals = append(refusals, s)
		}
	}
	return refusals
}

// Unit says how an operation type is charged.
type Unit int

// Units.
const (
	UnitAny  Unit = iota // charged by scan and by page licenses alike
	UnitScan             // a barcode
	UnitPage             // a page
)

type operationTypeDefinition struct {
	value OperationType
	unit  Unit
	// kind is the part of a page product that did it, such as "ocr"; importType is how a page was
	// imported, such as "scanned"; "" if it does not apply.
	kind, importType string
}

// Limits of operation types. They are small integers, because each has a counter.
const (
	// OperationTypes is the number of operation types a license can have.
	OperationTypes = 256
	// FirstHostOperationType is the first of the types that a host defines by name.
	FirstHostOperationType OperationType = 128
	// MaxOperationTypeName is the longest name of an operation type, in bytes.
	MaxOperationTypeName = 64
)

// OperationTypeByName finds a built-in operation type.
func OperationTypeByName(name string) (OperationType, bool) {
	d, ok := operationTypes[name]
	return d.value, ok
}

// builtIn says which operation types are built in.
var builtIn = func() (is [OperationTypes]bool) {
	for _, d := range operationTypes {
		is[d.value] = true
	}
	return is
}()

// BuiltIn tells whether an operation type is one of those listed here.
func (t OperationType) BuiltIn() bool { return t >= 0 && t < OperationTypes && builtIn[t] }

// OperationTypeNames is the name of each built-in operation type.
func OperationTypeNames() map[OperationType]string {
	names := make(map[OperationType]string, len(operationTypes))
	for name, d := range operationTypes {
		names[d.value] = name
	}
	return names
}

// UnitOf says how an operation type is charged. Types that a host defined are charged by every
// license that counts operations.
func UnitOf(name string) Unit { return operationTypes[name].unit }

// KindBarcode is the kind of all operations that are charged as scans.
const KindBarcode = "barcode"

// KindOf says which part of a product did operations of a type: "barcode"; "core", "webcam",
// "pdf-rasterizer" or "ocr" for page products; "" for others, such as types that a host defined.
func KindOf(name string) string {
	if d := operationTypes[name]; d.kind != "" || d.unit != UnitScan {
		return d.kind
	}
	return KindBarcode
}

// ImportTypeOf says how the pages of an operation type were imported: "scanned", "captured" or
// "loaded"; "" for other operations.
func ImportTypeOf(name string) string { return operationTypes[name].importType }

// ValidOperationTypeName tells whether a host may define an operation type of
// this name: 1 to 64 characters out of A-Z, 0-9 and '_', starting with a letter.
func ValidOperationTypeName(name string) bool {
	if name == "" || len(name) > MaxOperationTypeName || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
