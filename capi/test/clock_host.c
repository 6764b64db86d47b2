/* Whatever the clock does, each operation counts in the slot of its own time
 * stamp: two threads record all the while, on the test build of the library, as
 * this one moves the clock. Prints what lies in each slot; see slots.h.
 *
 * usage: clock_host SERVER_URL HANDSHAKE_CODE DATA_DIRECTORY SEED */
#define _POSIX_C_SOURCE 200809L
#include <openlts/testkit.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "expect.h"
#include "license.h"
#include "slots.h"

enum { SLOT = 180, HOUR = 3600, DAY = 24 * HOUR, THREADS = 2, CLOSE_MILLISECONDS = 30000 };

static LTS_License license;
static int64_t moved; /* how far the clock was moved in all */
static atomic_int stopping;
static uint64_t random_state;

/* Held for writing while the clock is moved, so that a thread that records knows the time. Who
 * wants it for reading passes the gate first, which is closed while somebody waits to write:
 * else readers that are slow, on a busy machine, would never let a writer in. */
static pthread_rwlock_t clock_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static int64_t below(int64_t bound) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (int64_t)((random_state >> 33) % (uint64_t)bound);
}

static int64_t now(void) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  return precise.tv_sec + moved;
}

static void record(int32_t type, int32_t units) {
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
  pthread_rwlock_rdlock(&clock_lock);
  int64_t before = now();
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, type, units));
  note_slot(before, now(), SLOT, units);
  pthread_rwlock_unlock(&clock_lock);
}

static void *record_all_the_time(void *type) {
  const struct timespec moment = {0, 50000};
  while (!atomic_load(&stopping)) {
    record(*(int32_t *)type, 1);
    nanosleep(&moment, NULL);
  }
  return NULL;
}

/* Records right after a move, before anything could prepare a slot. */
static void record_some(void) {
  for (int64_t i = below(4); i >= 0; i--) {
    record(LTS_OT_QR_CODE, 1 + (int32_t)below(5));
  }
}

static void submit(void) { EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS)); }

/* Moves the clock. Across days, everything is submitted first: what is pending
 * would be given up after 30; or, if the clock is set back, be moved once it is right
 * again. */
static void move(int64_t seconds) {
  pthread_mutex_lock(&gate);
  pthread_rwlock_wrlock(&clock_lock);
  if (seconds > DAY || seconds < 0) {
    submit();
  }
  EXPECT_IS(LTS_OK, LTS_TestkitMoveClock(seconds));
  moved += seconds;
  pthread_rwlock_unlock(&clock_lock);
  pthread_mutex_unlock(&gate);
}

/* Moves the clock to so many seconds from the next multiple of a period. */
static void move_near(int64_t period, int64_t from) { move(period - now() % period + from); }

static void across_boundaries(void) {
  for (int i = 0; i < 20; i++) {
    move_near(SLOT, -2);
    for (int second = 0; second < 4; second++) {
      record_some();
      move(1);
    }
  }
}

/* Midnight with a leap second, on clocks that know none: the last second of the day comes
 * twice. */
static void across_midnight(void) {
  move_near(DAY, -2);
  record_some();
  move(1);
  record_some();
  move(1);
  record_some();
  move(-1);
  record_some();
  move(1);
  record_some();
}

/* The machine sleeps, for minutes or for days, and wakes up. */
static void sleep_and_wake(void) {
  for (int i = 0; i < 30; i++) {
    record_some();
    move(below(2) == 0 ? below(HOUR) : below(3 * DAY));
    record_some();
  }
}

/* Someone sets the clock, back and forth. */
static void wander(void) {
  for (int i = 0; i < 300; i++) {
    static const int64_t lengths[] = {3, SLOT, 10 * SLOT, DAY, 20 * DAY};
    int64_t length = lengths[below(5)];
    move(below(2 * length + 1) - length);
    record_some();
  }
}

/* A process that runs for 40 days, hour by hour. They pass faster than the library
 * submits on its own. */
static void forty_days(void) {
  for (int hour = 0; hour < 40 * 24; hour++) {
    move(HOUR);
    record_some();
    if (hour % (5 * 24) == 0) {
      submit();
    }
  }
}

/* Operations of the past, with their own time stamps. */
static void past_days(void) {
  for (int i = 0; i < 50; i++) {
    int64_t moment = now() - below(29 * DAY);
    EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 7, moment));
    note_slot(moment, moment, SLOT, 7);
  }
}

int main(int count, char **arguments) {
  LTS_LicenseInfo info;
  pthread_t threads[THREADS];
  int32_t types[THREADS] = {LTS_OT_EAN_13, LTS_OT_AZTEC};

  if (count != 5) {
    return 1;
  }
  random_state = strtoull(arguments[4], NULL, 10);
  license = open_license(arguments[1], arguments[2], arguments[3], SLOT);
  for (int i = 0; i < THREADS; i++) {
    EXPECT(pthread_create(&threads[i], NULL, record_all_the_time, &types[i]) == 0);
  }

  across_boundaries();
  across_midnight();
  sleep_and_wake();
  wander();
  past_days();
  submit();
  forty_days();

  atomic_store(&stopping, 1);
  for (int i = 0; i < THREADS; i++) {
    EXPECT(pthread_join(threads[i], NULL) == 0);
  }
  submit();
  info.structSize = sizeof info;
  EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
  EXPECT_IS(0, info.lost);
  EXPECT_IS(0, info.pending);
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  print_slots();
  return failures();
}
