// Command dlopen is a program in Go that loads the library as any other program
// does: the process has two Go runtimes then.
package main

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include
#include <dlfcn.h>
#include <openlts/openlts.h>
#include <stdlib.h>

static int32_t (*record)(LTS_License license, int32_t type, int32_t count);
static int32_t (*close_license)(LTS_License license, int32_t timeout);

static int32_t open_license(const char *key, LTS_License *license, char *message) {
  void *library = dlopen("libopenlts.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return LTS_ERR_LICENSE_CLIENT_DLL_MISSING;
  int32_t (*init)(const char *, const LTS_ConnectionParameters *, LTS_License *, char *, int32_t);
  *(void **)&init = dlsym(library, "LTS_InitLicense");
  *(void **)&record = dlsym(library, "LTS_RecordOperation");
  *(void **)&close_license = dlsym(library, "LTS_CloseLicense");
  return init(key, NULL, license, message, 256);
}

static int32_t call_record(LTS_License license, int32_t type) { return record(license, type, 1); }
static int32_t call_close(LTS_License license) { return close_license(license, 3000); }
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	var license C.LTS_License
	var message [256]C.char
	if status := C.open_license(C.CString(os.Getenv("LTS_KEY")), &license, &message[0]); status != C.LTS_OK {
		fmt.Fprintln(os.Stderr, status, C.GoString(&message[0]))
		os.Exit(1)
	}
	var threads sync.WaitGroup
	for range 4 {
		threads.Go(func() {
			for range 1000 {
				C.call_record(license, C.LTS_OT_QR_CODE)
			}
		})
	}
	for range 500 {
		C.call_record(license, C.LTS_OT_PAGE_SCANNED)
	}
	threads.Wait()
	fmt.Println("recorded")
	if C.call_close(license) != C.LTS_OK {
		os.Exit(1)
	}
}
