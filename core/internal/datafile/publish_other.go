//go:build unix && !linux

package datafile

// publish gives a finished file its name. The error is os.ErrExist if the name is taken.
func publish(unfinished, path string) error { return publishByLink(unfinished, path) }
