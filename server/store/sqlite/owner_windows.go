package sqlite

// giveLike does nothing, because the directory's access list decides to whom files belong.
func giveLike(string, string) error { return nil }
