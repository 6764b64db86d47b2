//go:build linux && cgo

package ledger

/*
#include <string.h>

// What of sqlite3_vfs there is in version 3 of its interface, which never changes.
typedef struct sqlite3_vfs sqlite3_vfs;
struct sqlite3_vfs {
  int iVersion, szOsFile, mxPathname;
  sqlite3_vfs *pNext;
  const char *zName;
  void *pAppData;
  int (*xOpen)(void);
  int (*xDelete)(void);
  int (*xAccess)(void);
  int (*xFullPathname)(sqlite3_vfs *, const char *, int, char *);
  void (*rest[12])(void);
};

// They are in the objects of the driver; weak, because cgo links this package alone,
// too.
extern __attribute__((weak)) sqlite3_vfs *sqlite3_vfs_find(const char *);
extern __attribute__((weak)) int sqlite3_vfs_register(sqlite3_vfs *, int);

static int as_it_is(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  (void)vfs;
  size_t n = strlen(path);
  if (n + 1 > (size_t)size) {
    return 14; // SQLITE_CANTOPEN
  }
  memcpy(out, path, n + 1);
  return 0;
}

// Registers a VFS that opens paths as they are. Registering it again does nothing.
static int register_vfs(const char *base_name, const char *name) {
  static sqlite3_vfs ours;
  sqlite3_vfs *base = sqlite3_vfs_find(base_name);
  if (base == NULL || base->iVersion < 3) {
    return 1;
  }
  if (ours.zName == NULL) {
    memcpy(&ours, base, sizeof ours);
    ours.zName = name;
    ours.xFullPathname = as_it_is;
  }
  return sqlite3_vfs_register(&ours, 0);
}
*/
import "C"

import (
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// unresolved is the VFS for paths that are too long for SQLite, which takes 511 bytes
// and follows each link of a shorter name to see what it stands for.
const unresolved = "openlts-unresolved"

var registerUnresolved = sync.OnceValue(func() error {
	// Kept by SQLite as long as the process lives.
	if C.register_vfs(C.CString(lockless), C.CString(unresolved)) != 0 {
		return fmt.Errorf("SQLite has no %s to make a VFS for long paths of", lockless)
	}
	return nil
})

// shortName is another name for a path that is too long for SQLite: by way of its
// directory, which stays open until release.
func shortName(path string) (name, vfs string, release func(), err error) {
	if len(path) <= longestPath {
		return path, lockless, func() {}, nil
	}
	if err := registerUnresolved(); err != nil {
		return "", "", nil, err
	}
	directory, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", "", nil, fmt.Errorf("opening %s: %w", filepath.Dir(path), err)
	}
	// Not /proc/self, which shows the descriptors of the process's first thread: in a
	// host, the library's threads may have their own.
	name = fmt.Sprintf("/proc/thread-self/fd/%d/%s", directory, filepath.Base(path))
	return name, unresolved, func() { _ = unix.Close(directory) }, nil
}
