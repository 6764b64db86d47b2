/* One process of `build/bench builds`: what a build of the library takes for each of
 * its calls. Prints nanoseconds, medians, in the order of the table in run.py.
 *
 * usage: measure LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <openlts/openlts.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OPENINGS = 5, CALLS = 200, RECORDS = 20000000 };

static int64_t nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a;
  const int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static int64_t median(int64_t *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
  return values[count / 2];
}

static void check(int32_t status, const char *what) {
  if (status != LTS_OK) {
    fprintf(stderr, "%s: status %d\n", what, (int)status);
    exit(1);
  }
}

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  return found;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fprintf(stderr, "usage: measure LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY\n");
    return 2;
  }
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  /* ISO C has no cast from an object pointer to a function pointer. */
#define FUNCTION(name)       \
  __typeof__(name) *name##_; \
  *(void **)&name##_ = symbol(library, #name)
  FUNCTION(LTS_InitLTSConnectionParameters);
  FUNCTION(LTS_InitLicenseFromLTS);
  FUNCTION(LTS_RecordOperation);
  FUNCTION(LTS_RecordOperationAt);
  FUNCTION(LTS_GetLicenseInfo);
  FUNCTION(LTS_CloseLicense);

  LTS_ConnectionParameters parameters;
  check(LTS_InitLTSConnectionParameters_(&parameters, sizeof parameters), "parameters");
  parameters.mainServerURL = arguments[2];
  parameters.handshakeCode = arguments[3];
  parameters.dataDirectory = arguments[4];

  LTS_License license = 0;
  char message[256];
  int64_t opening[OPENINGS];
  for (int i = 0; i < OPENINGS; i++) {
    const int64_t began = nanoseconds();
    check(LTS_InitLicenseFromLTS_(&parameters, &license, message, sizeof message), "opening");
    opening[i] = nanoseconds() - began;
    if (i < OPENINGS - 1) {
      check(LTS_CloseLicense_(license, 5000), "closing");
    }
  }

  int64_t at[CALLS];
  const int64_t now = (int64_t)time(NULL);
  for (int i = 0; i < CALLS; i++) {
    const int64_t began = nanoseconds();
    check(LTS_RecordOperationAt_(license, LTS_OT_QR_CODE, 1, now - 3600 - i * 180), "recording");
    at[i] = nanoseconds() - began;
  }

  int64_t info[CALLS];
  for (int i = 0; i < CALLS; i++) {
    LTS_LicenseInfo answer = {.structSize = sizeof answer};
    const int64_t began = nanoseconds();
    check(LTS_GetLicenseInfo_(license, &answer), "asking for info");
    info[i] = nanoseconds() - began;
  }

  const int64_t began = nanoseconds();
  for (int i = 0; i < RECORDS; i++) {
    LTS_RecordOperation_(license, LTS_OT_QR_CODE, 1);
  }
  const double record = (double)(nanoseconds() - began) / RECORDS;

  const int64_t closing = nanoseconds();
  LTS_CloseLicense_(license, 5000);
  printf("%lld %lld %lld %lld %.3f %lld\n", (long long)opening[0],
         (long long)median(opening + 1, OPENINGS - 1), (long long)median(at, CALLS),
         (long long)median(info, CALLS), record, (long long)(nanoseconds() - closing));
  return 0;
}
