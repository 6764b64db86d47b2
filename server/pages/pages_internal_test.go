package pages

// Paths are the patterns of all pages, for tests that visit each.
func Paths() (paths []string) {
	for _, page := range all() {
		paths = append(paths, page.path)
	}
	return paths
}
