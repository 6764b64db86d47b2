package store

import "context"

// Forgetter is a store that can forget strangers: devices which were authorized, and never reported
// anything nor took a seat; and further keys of devices which never reported anything. Whoever has
// a handshake code can invent them, so their number must not grow for ever. If such a device comes
// back, it is authorized like a new one. Nothing is lost, because the store remembers trials.
type Forgetter interface {
	// ForgetStrangers forgets strangers that have not called since a moment, in seconds since 1970,
	// at most limit at once, and returns how many they were.
	ForgetStrangers(ctx context.Context, before int64, limit int) (int64, error)
}
