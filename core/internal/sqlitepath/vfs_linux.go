//go:build linux && cgo

package sqlitepath

/*
#include <stddef.h>
#include <string.h>

// A VFS of SQLite, version 3 of an interface that is only ever extended. Of the
// functions, only the one that is replaced has its type.
typedef struct sqlite3_vfs sqlite3_vfs;
struct sqlite3_vfs {
  int iVersion, szOsFile, mxPathname;
  sqlite3_vfs *pNext;
  const char *zName;
  void *pAppData;
  void (*xOpen)(void), (*xDelete)(void), (*xAccess)(void);
  int (*xFullPathname)(sqlite3_vfs *, const char *, int, char *);
  void (*xDlOpen)(void), (*xDlError)(void), (*xDlSym)(void), (*xDlClose)(void);
  void (*xRandomness)(void), (*xSleep)(void), (*xCurrentTime)(void), (*xGetLastError)(void);
  void (*xCurrentTimeInt64)(void);
  void (*xSetSystemCall)(void), (*xGetSystemCall)(void), (*xNextSystemCall)(void);
};

// In the driver. Weak, because this package is linked without it, too, by cgo itself.
extern __attribute__((weak)) sqlite3_vfs *sqlite3_vfs_find(const char *name);
extern __attribute__((weak)) int sqlite3_vfs_register(sqlite3_vfs *vfs, int isDefault);

enum { CANTOPEN = 14, MISSING = 1 };

static int path_as_it_is(sqlite3_vfs *vfs, const char *path, int size, char *full) {
  (void)vfs;
  size_t length = strlen(path);
  if (size <= 0 || length >= (size_t)size) return CANTOPEN;
  memcpy(full, path, length + 1);
  return 0;
}

// The names must stay. Called once.
static int register_as_it_is(const char *base, const char *name) {
  static sqlite3_vfs ours;
  if (!sqlite3_vfs_find || !sqlite3_vfs_register) return MISSING;
  sqlite3_vfs *vfs = sqlite3_vfs_find(base);
  if (!vfs || vfs->iVersion < 3) return MISSING;
  ours = *vfs;
  ours.pNext = NULL;
  ours.zName = name;
  ours.xFullPathname = path_as_it_is;
  return sqlite3_vfs_register(&ours, 0);
}
*/
import "C"

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

const supported = true

var registration struct {
	sync.Mutex
	done bool
}

// register makes our VFS from another one. It is made once: all callers name the same.
func register(vfs string) error {
	registration.Lock()
	defer registration.Unlock()
	if registration.done {
		return nil
	}
	// Neither is freed: SQLite keeps the name, and the process has one of each.
	if status := C.register_as_it_is(C.CString(vfs), C.CString(pathsAsTheyAre)); status != 0 {
		return fmt.Errorf("SQLite has no VFS %s that long paths could be opened with (%d)", vfs, status)
	}
	registration.done = true
	return nil
}

// openDirectory opens a directory for its name only.
func openDirectory(path string) (*os.File, error) {
	return os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY, 0)
}
