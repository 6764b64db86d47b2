package store

import "context"

// Forgetter is a store that can forget strangers: devices which were authorized, and
// never reported anything nor took a seat; and further keys of devices which never
// reported anything. Whoever has a handshake code can make them up, so their number
// must not grow for ever. One that comes back is authorized like a new one, and
// nothing is lost: trials are remembered.
type Forgetter interface {
	// ForgetStrangers forgets those that were not heard of since before, in seconds
	// since 1970, at most limit at once, and says how many they were.
	ForgetStrangers(ctx context.Context, before int64, limit int) (int64, error)
}
