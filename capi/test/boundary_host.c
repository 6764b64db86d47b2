/* Several threads record as fast as they can while slots of two seconds end and
 * begin, by the machine's own clock. Prints what lies in each slot; see slots.h.
 *
 * usage: boundary_host SERVER_URL HANDSHAKE_CODE DATA_DIRECTORY */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "expect.h"
#include "license.h"
#include "slots.h"

enum { SLOT = 2, BOUNDARIES = 3, THREADS = 4, CLOSE_MILLISECONDS = 30000 };

static LTS_License license;
static int64_t until;

static int64_t now(void) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  return precise.tv_sec;
}

static void *record(void *unused) {
  (void)unused;
  for (int64_t before = now(), after; before < until; before = after) {
    EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));
    after = now();
    note_slot(before, after, SLOT, 1);
  }
  return NULL;
}

int main(int count, char **arguments) {
  pthread_t threads[THREADS];

  if (count != 4) {
    return 1;
  }
  license = open_license(arguments[1], arguments[2], arguments[3], SLOT);
  /* Goes on a little beyond the last boundary, where an error would show. */
  until = now() / SLOT * SLOT + BOUNDARIES * SLOT + 1;
  for (int i = 0; i < THREADS; i++) {
    EXPECT(pthread_create(&threads[i], NULL, record, NULL) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    EXPECT(pthread_join(threads[i], NULL) == 0);
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  print_slots();
  return failures();
}
