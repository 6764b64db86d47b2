/* A second copy of the library in the process, on the same data directory: as if
 * two SDKs, each with a copy of its own, were used by one program. A thread works
 * with it as the others do with the first one. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static void *library;
static LTS_ConnectionParameters parameters;
static line *books;
static uint64_t state;          /* of its chance */
static _Atomic int64_t advance; /* of its clock over the machine's */

/* A function of the second copy by its name, with the type the header gives it. */
#define COPY(name) ((__typeof__(&name))dlsym(library, #name))

#ifdef OPENLTS_TESTKIT
static void set_clock(const _Atomic int64_t *wanted) {
  int64_t by = atomic_load(wanted) - atomic_load(&advance);
  if (by != 0) {
    if (steps) {
      COPY(LTS_TestkitStepClock)(by);
    } else {
      COPY(LTS_TestkitMoveClock)(by);
    }
    atomic_fetch_add(&advance, by);
  }
}

static void *follow_clock(void *wanted) {
  while (!atomic_load(&over)) {
    set_clock(wanted);
    nap(1000);
  }
  return NULL;
}

static void begin_to_follow(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (file < 0 || mapped == MAP_FAILED) {
    fprintf(stderr, "client: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  close(file);
  set_clock(mapped);
  start_thread(follow_clock, mapped);
}
#endif

static void record(LTS_License license) {
  int type = (int)chance(&state, 2);
  int32_t count = 1 + (int32_t)chance(&state, 3);
  atomic_fetch_add(&books->started[type], (uint64_t)count);
  int32_t status =
      COPY(LTS_RecordOperation)(license, type == 0 ? LTS_OT_QR_CODE : LTS_OT_EAN_13, count);
  if (status != LTS_OK) {
    violation("recording in the second copy failed", "", status);
  }
  atomic_fetch_add(&books->acked[type], (uint64_t)count);
}

static void record_at(LTS_License license, int has_clock) {
  int64_t moment =
      (int64_t)time(NULL) + atomic_load(&advance) - chance(&state, 20 * 86400) / 600 * 600;
  atomic_fetch_add(&books->started[1], 5);
  int32_t status = COPY(LTS_RecordOperationAt)(license, LTS_OT_EAN_13, 5, moment);
  if (status == LTS_OK) {
    atomic_fetch_add(&books->acked[1], 5);
  } else if (status == LTS_ERR_TIME_OUT_OF_RANGE && has_clock) { /* it was set meanwhile */
    atomic_fetch_sub(&books->started[1], 5);
  } else if (!announced(status)) {
    violation("recording with a time stamp in the second copy failed", "", status);
  }
}

static void act(LTS_License license, int has_clock) {
  LTS_LicenseInfo info;
  switch (chance(&state, 16)) {
    case 0: {
      int32_t timeout = (int32_t)chance(&state, 1500);
      int32_t status = COPY(LTS_SubmitReports)(license, timeout);
      if (!submitted(status)) {
        violation("submitting by the second copy failed", "", status);
      }
      break;
    }
    case 1:
      info.structSize = sizeof info;
      check_info(COPY(LTS_GetLicenseInfo)(license, &info), &info);
      break;
    case 2:
    case 3:
      record_at(license, has_clock);
      break;
    default:
      record(license);
      nap(chance(&state, 8000));
  }
}

static void *work(void *clock) {
  while (!atomic_load(&over)) {
    LTS_License license;
    char message[512];
    need_descriptors();
    int32_t status = COPY(LTS_InitLicenseFromLTS)(&parameters, &license, message, sizeof message);
    have_descriptors();
    if (unreached(status)) {
      nap(20000 + chance(&state, 100000));
      continue;
    }
    if (status != LTS_OK) {
      violation("the second copy's authorization failed", message, status);
    }
    for (uint32_t left = 20 + chance(&state, 400); left > 0 && !atomic_load(&over); left--) {
      act(license, clock != NULL);
    }
    int32_t timeout = (int32_t)chance(&state, 2) * (int32_t)chance(&state, 1500);
    status = COPY(LTS_CloseLicense)(license, timeout);
    if (!submitted(status)) {
      violation("closing in the second copy failed", "", status);
    }
  }
  return NULL;
}

void begin_copy(char **arguments, const LTS_ConnectionParameters *with, line *own, uint64_t seed) {
  const char *path = argument(arguments, "copy", NULL);
  const char *clock = argument(arguments, "clock", NULL);
  library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "client: %s\n", dlerror());
    exit(1);
  }
  if (COPY(LTS_RecordOperation) == LTS_RecordOperation) {
    violation("the copy is the library itself", path, LTS_OK);
  }
  parameters = *with;
  books = own;
  state = seed_of(seed, 3000);
#ifdef OPENLTS_TESTKIT
  if (clock != NULL) {
    begin_to_follow(clock);
  }
#endif
  start_thread(work, (void *)(uintptr_t)clock);
}
