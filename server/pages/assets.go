package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"sync"
)

// assetFiles are style and icon and, in bundle, the output of build/pages: the interactive chart. A
// binary that was built without it has the static chart only.
//
//go:embed assets all:assets/bundle
var assetFiles embed.FS

// Bundled tells whether this binary contains the output of build/pages.
func Bundled() bool {
	_, err := fs.Stat(assetFiles, "assets/bundle/chart.js")
	return err == nil
}

// Bundled tells the same to templates.
func (v *view) Bundled() bool { return Bundled() }

// assetVersion is a digest of all assets.
var assetVersion = sync.OnceValue(func() string {
	digest := sha256.New()
	err := fs.WalkDir(assetFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := assetFiles.ReadFile(path)
		_, _ = digest.Write(data) // never fails
		return err
	})
	if err != nil { // it is embedded
		panic(err)
	}
	return hex.EncodeToString(digest.Sum(nil)[:6])
})

// assets serves the files. Their addresses contain their version, so that browsers may cache them.
func assets() http.Handler {
	files := http.FileServerFS(assetFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path[len(r.URL.Path)-1] {
		case '/':
			http.NotFound(w, r) // no lists
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		files.ServeHTTP(w, r)
	})
}
