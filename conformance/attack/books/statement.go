package books

// Statement is what a victim says at its end of what the library told it.
type Statement struct {
	Device   string    `json:"device"` // client UUID
	Flags    int64     `json:"flags"`  // all state flags that were seen, combined
	Accounts []Account `json:"accounts"`
	Failures []Failure `json:"failures,omitempty"`
	Events   []Event   `json:"events,omitempty"`
	// Longest is the call of the library that took longest.
	Longest Duration `json:"longest"`
	// Restless is set if the license did not come to rest.
	Restless bool `json:"restless,omitempty"`
}

// Account of a device, at one moment.
type Account struct {
	Recorded int64 `json:"recorded"`
	Accepted int64 `json:"accepted"`
	Pending  int64 `json:"pending"`
	Lost     int64 `json:"lost"`
}

// Failure is an error that the library gave.
type Failure struct {
	Doing   string `json:"doing"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Event that the library reported.
type Event struct {
	Kind    int    `json:"kind"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Duration of a call of the library.
type Duration struct {
	Doing   string  `json:"doing"`
	Seconds float64 `json:"seconds"`
}
