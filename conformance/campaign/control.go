package main

import "fmt"

// mistake is what is made on purpose in a negative control, to see that the judge
// finds it: a judge that never finds anything would be worth nothing.
type mistake struct {
	name string
	// libraries is a folder with a library in which it is made, in place of the sound
	// one; "" if the clients make it. build/campaign builds them, from the sources with
	// a line changed.
	libraries string
}

// heldBack is the mistake that the tally exists to avoid: clients acknowledge what
// they hold back in memory.
var heldBack = &mistake{name: "operations held back in memory"}

// mistakes of a campaign, which others have made, and earlier versions of this
// library.
var mistakes = []*mistake{
	heldBack,
	{name: "locks that belong to a process", libraries: "out/control/process-locks"},
	{name: "a directory taken for a pattern", libraries: "out/control/patterns"},
}

// inLibrary tells whether a mistake is the library's.
func (m *mistake) inLibrary() bool { return m != nil && m.libraries != "" }

// found says whether the judge found a mistake, by the violations it names.
func (m *mistake) found(losses, others int) (bool, string) {
	switch {
	case m.inLibrary() && losses+others > 0:
		return true, fmt.Sprintf("the negative control works: %s led to %d losses and %d other violations", m.name,
			losses, others)
	case !m.inLibrary() && losses > 0 && others == 0:
		return true, fmt.Sprintf("the negative control works: %s led to %d losses", m.name, losses)
	case losses+others > 0:
		return false, fmt.Sprintf("FAILED: %s leads to losses, and to nothing else; here were %d, and %d "+
			"other violations", m.name, losses, others)
	}
	return false, fmt.Sprintf("THE JUDGE IS BLIND: there were %s, and it found nothing", m.name)
}
