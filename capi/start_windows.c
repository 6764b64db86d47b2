/* Starting Go on Windows. See start.h.
 *
 * On Windows, the loader runs a library's constructors while it holds a lock of the whole
 * process, and Go's entry would be one of them. In this library it finds none: Go starts
 * as on other systems, when it is first needed, in a thread of our own. Until then the
 * library can be unloaded; after that it stays, because nothing ends Go's threads. */
#if defined(_WIN32)

#include <stdatomic.h>
#include <stddef.h>
#include <windows.h>

#include "../include/openlts/openlts.h"
#include "start.h"
#include "wait.h"

/* More memory than Go and SQLite need to start and open a license on Linux
 * (docs/hosts.md). Go ends the process if it can't get memory. */
enum { MEMORY = 64 << 20 };

static const char lack_of_threads[] = "the process lacks threads, or memory for them";
static const char lack_of_memory[] =
    "the process lacks memory: 64 MB more are needed; raise the limit of its job object, or that "
    "of "
    "the page file";

enum { NOT_STARTED, STARTING, STARTED };
static atomic_int stage;
static _Atomic(const char *) lacks;

/* The constructors of the library, including Go's entry: -1 or their number; the
 * constructors; NULL. */
typedef void constructor(void);
extern constructor *__CTOR_LIST__[];

/* MinGW's runtime calls this to run them when the library is loaded. This one replaces
 * its own. */
void __main(void);
void __main(void) {}

/* From the last to the first, like MinGW's runtime. */
static void run_constructors(void) {
  size_t n = 0;
  while (__CTOR_LIST__[n + 1] != NULL) {
    n++;
  }
  for (; n > 0; n--) {
    __CTOR_LIST__[n]();
  }
}

/* From werapi.h, which has errors in some versions of MinGW. */
__declspec(dllimport) HRESULT WINAPI WerGetFlags(HANDLE process, PDWORD flags);
__declspec(dllimport) HRESULT WINAPI WerSetFlags(DWORD flags);

/* Go turns off the system's crash dialogs for the whole process. We restore the host's
 * setting once Go has started. */
static UINT error_mode;
static DWORD report_flags;
static atomic_int modes_known;

static void note_modes(void) {
  error_mode = GetErrorMode();
  if (FAILED(WerGetFlags(GetCurrentProcess(), &report_flags))) {
    report_flags = 0;
  }
  atomic_store(&modes_known, 1);
}

void openlts_started(void) {
  if (atomic_exchange(&modes_known, 0)) {
    SetErrorMode(error_mode);
    WerSetFlags(report_flags);
  }
}

static int has_memory(void) {
  void *space = VirtualAlloc(NULL, MEMORY, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (space != NULL) {
    VirtualFree(space, 0, MEM_RELEASE);
  }
  return space != NULL;
}

/* From now on FreeLibrary leaves the library where it is. */
static int stay(void) {
  HMODULE library;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                            (LPCWSTR)(void *)&stage, &library) != 0;
}

static DWORD WINAPI start(void *nothing) {
  (void)nothing;
  const char *lack = has_memory() && stay() ? NULL : lack_of_memory;
  if (lack == NULL) {
    note_modes();
  }
  atomic_store(&lacks, lack);
  atomic_store(&stage, lack == NULL ? STARTED : NOT_STARTED);
  openlts_wake_all(&stage);
  if (lack == NULL) {
    run_constructors();
  }
  return 0;
}

int32_t openlts_start(int64_t until, const char **why) {
  int found = NOT_STARTED;
  if (atomic_compare_exchange_strong(&stage, &found, STARTING)) {
    HANDLE thread = CreateThread(NULL, 0, start, NULL, 0, NULL);
    if (thread != NULL) {
      CloseHandle(thread);
    } else {
      atomic_store(&lacks, lack_of_threads);
      atomic_store(&stage, NOT_STARTED);
      openlts_wake_all(&stage);
    }
  }
  while ((found = atomic_load(&stage)) == STARTING) {
    if (!openlts_wait(&stage, STARTING, until)) {
      *why = "the threads of the library did not start in time";
      return LTS_ERR_DEADLINE_EXCEEDED;
    }
  }
  if (found == NOT_STARTED) {
    *why = atomic_load(&lacks);
    return LTS_ERR_HOST_RESOURCES;
  }
  return LTS_OK;
}

/* Windows has no fork. */
int openlts_forked(void) { return 0; }

/* Windows has no low limit of handles. */
const char *openlts_lack_of_descriptors(void) { return NULL; }

void openlts_let_others(void) { SwitchToThread(); }

#else

/* ISO C wants something in every file. */
typedef int openlts_no_start_windows;

#endif
