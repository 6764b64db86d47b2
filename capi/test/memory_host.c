/* A host in which one of so many allocations fails, wherever it is.
 *
 * usage: memory_host URL HANDSHAKE-CODE DATA-DIRECTORY ONE-OF
 * Prints how many QR codes it recorded. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "expect.h"
#include "openlts/openlts.h"

/* The C library's own functions, under their names for programs that replace them. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static atomic_uint one_of, allocations, failed;

static int fails(void) {
  const unsigned of = atomic_load(&one_of);
  unsigned n = atomic_fetch_add(&allocations, 1) * 2654435761U;
  n ^= n >> 15;
  if (of == 0 || n % of != 0) {
    return 0;
  }
  atomic_fetch_add(&failed, 1);
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }

void *calloc(size_t n, size_t size) { return fails() ? NULL : __libc_calloc(n, size); }

void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }

/* The function did its work, or says why not; and then it did nothing. */
static int done(int32_t status) {
  EXPECT(status == LTS_OK || status == LTS_ERR_HOST_RESOURCES ||
         status == LTS_ERR_LICENSE_BUFFER_FAILED || status == LTS_ERR_REPORTS_PENDING);
  return status == LTS_OK;
}

int main(int argc, char **argv) {
  LTS_ConnectionParameters p;
  LTS_License license = 0;
  char message[256];
  long recorded = 0;
  if (argc != 5) {
    return 2;
  }
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = argv[1];
  p.handshakeCode = argv[2];
  p.dataDirectory = argv[3];
  const unsigned of = (unsigned)strtoul(argv[4], NULL, 10);
  /* Another sequence in each run. */
  atomic_store(&allocations, of * 7919U);
  atomic_store(&one_of, of);
  for (int i = 0; license == 0; i++) {
    done(LTS_InitLicenseFromLTS(&p, &license, message, sizeof message));
    if (i == 1000) {
      return 1;
    }
  }
  for (int i = 0; i < 200; i++) {
    LTS_LicenseInfo info;
    LTS_Event event;
    info.structSize = sizeof info;
    event.structSize = sizeof event;
    recorded += LTS_RecordOperation(license, LTS_OT_QR_CODE, 1) == LTS_OK;
    recorded += done(LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
    done(LTS_GetLicenseInfo(license, &info));
    int32_t status = LTS_PollEvent(license, &event, 0);
    EXPECT(status == 0 || status == 1 || status == LTS_ERR_HOST_RESOURCES);
  }
  EXPECT(atomic_load(&failed) > 10);
  atomic_store(&one_of, 0);
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, 30000));
  printf("%ld\n", recorded);
  return failures();
}
