//go:build !unix

package doctor

// owners can't tell here: files have lists of who may do what.
func owners(string) []Finding {
	return []Finding{
		{"files", Warning, "who may read them is not looked at on this system; keep them to the user of the server"},
	}
}
