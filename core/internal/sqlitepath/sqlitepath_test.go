package sqlitepath_test

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/openlts/openlts/core/internal/sqlitepath"
)

// TestLongPaths are opened, with their journal beside them, however long; and short
// ones stay what they are.
func TestLongPaths(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("long paths need /proc, which only Linux has")
	}
	for _, length := range []int{200, 499, 500, 501, 511, 512, 1500, 2057} {
		directory := t.TempDir()
		for len(directory) < length-256 {
			directory = filepath.Join(directory, strings.Repeat("l", 200))
		}
		if rest := length - len(directory) - len("//x.db"); rest > 0 {
			directory = filepath.Join(directory, strings.Repeat("e", rest))
		}
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, "x.db")
		for opened := range 2 {
			file, err := sqlitepath.Of(path, "unix-none")
			if err != nil {
				t.Fatal(err)
			}
			if (file.Path == path) != (len(path) <= 500) {
				t.Errorf("%d bytes became %s", len(path), file.Path)
			}
			dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: file.Path}).EscapedPath(), RawQuery: "vfs=" + file.VFS}
			db, err := sql.Open("sqlite3", dsn.String())
			if err != nil {
				t.Fatal(err)
			}
			db.SetMaxOpenConns(1)
			for _, statement := range []string{"PRAGMA journal_mode = PERSIST", "CREATE TABLE IF NOT EXISTS a (b)", "INSERT INTO a VALUES (1)"} {
				if _, err := db.Exec(statement); err != nil {
					t.Fatalf("%d bytes: %v", len(path), err)
				}
			}
			var n int
			if err := db.QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil || n != opened+1 {
				t.Errorf("%d bytes: %d rows, %v", len(path), n, err)
			}
			if _, err := os.Stat(path + "-journal"); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
