//go:build unix && cgo

package ledger

/*
// The driver has SQLite in it; only when all is linked it is there.
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup

#include <pthread.h>
#include <string.h>

// What of SQLite's interface to file systems there is in version 3 of it, which never
// changes.
typedef struct sqlite3_file sqlite3_file;
typedef struct sqlite3_io_methods sqlite3_io_methods;
struct sqlite3_file {
  const sqlite3_io_methods *pMethods;
};
struct sqlite3_io_methods {
  int iVersion;
  void (*before[11])(void);
  int (*xDeviceCharacteristics)(sqlite3_file *);
  void (*after[6])(void);
};

typedef struct sqlite3_vfs sqlite3_vfs;
struct sqlite3_vfs {
  int iVersion, szOsFile, mxPathname;
  sqlite3_vfs *pNext;
  const char *zName;
  void *pAppData;
  int (*xOpen)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
  int (*xDelete)(void);
  int (*xAccess)(void);
  int (*xFullPathname)(sqlite3_vfs *, const char *, int, char *);
  void (*rest[12])(void);
};

// They are in the objects of the driver; weak, because cgo links this package alone,
// too.
extern __attribute__((weak)) sqlite3_vfs *sqlite3_vfs_find(const char *);
extern __attribute__((weak)) int sqlite3_vfs_register(sqlite3_vfs *, int);

enum {
  SQLITE_OK = 0,
  SQLITE_CANTOPEN = 14,
  SQLITE_OPEN_MAIN_DB = 0x100,
  SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN = 0x800
};

static sqlite3_vfs ours;
static const sqlite3_vfs *base;

// The methods of SQLite's files, and those with one of ours.
static const sqlite3_io_methods *base_methods;
static sqlite3_io_methods our_methods;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static int as_it_is(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  (void)vfs;
  size_t n = strlen(path);
  if (n + 1 > (size_t)size) {
    return SQLITE_CANTOPEN;
  }
  memcpy(out, path, n + 1);
  return SQLITE_OK;
}

// Where nobody can delete a file that is open, SQLite has no reason to close the
// journal, and open it again by its path, when others may have written.
static int undeletable(sqlite3_file *file) {
  return base_methods->xDeviceCharacteristics(file) | SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN;
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
  int error = base->xOpen(vfs, path, file, flags, out);
  if (error != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) {
    return error;
  }
  pthread_mutex_lock(&making);
  if (base_methods == NULL) {
    memcpy(&our_methods, file->pMethods, sizeof our_methods);
    our_methods.xDeviceCharacteristics = undeletable;
    base_methods = file->pMethods;
  }
  if (file->pMethods == base_methods) {
    file->pMethods = &our_methods;
  }
  pthread_mutex_unlock(&making);
  return error;
}

// Registers our VFS, once. SQLite keeps it, and its name, as long as the process lives.
static int register_vfs(void) {
  sqlite3_vfs *found = sqlite3_vfs_find("unix-none");
  if (found == NULL || found->iVersion < 3) {
    return 1;
  }
  base = found;
  memcpy(&ours, found, sizeof ours);
  ours.zName = "openlts";
  ours.xOpen = open_file;
  ours.xFullPathname = as_it_is;
  return sqlite3_vfs_register(&ours, 0);
}
*/
import "C"

import (
	"errors"
	"sync"
)

// vfs is SQLite's file system without locks, with two changes. The journal stays open even if
// others may have changed the ledger, because a process that dropped its privileges or changed its
// root could not open it again. And paths are used as they are: SQLite would resolve all links in a
// path, and a path through an open directory (see shortName) resolves to one that is too long.
var vfs = sync.OnceValues(func() (name string, err error) {
	if C.register_vfs() != 0 {
		return "", errors.New("SQLite has no unix-none to make a VFS of")
	}
	return "openlts", nil
})
