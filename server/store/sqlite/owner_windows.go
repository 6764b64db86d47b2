package sqlite

// giveLike does nothing: files belong to whom the directory's access list says.
func giveLike(string, string) error { return nil }
