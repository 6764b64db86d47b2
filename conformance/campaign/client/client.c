/* A client of the fault campaign: a host that records on several threads while
 * it submits, closes, opens again and forks, and that may be killed or stopped
 * at any instant.
 *
 * It keeps the judge's books: before it records, it raises a `started` counter,
 * and when the library said LTS_OK an `acked` counter, in a file mapped into
 * memory and shared, which survives SIGKILL. ../books.go has the layout.
 *
 * usage: client KEY=VALUE...
 *
 *   mode          run, hammer (record as fast as possible until killed), or
 *                 settle (submit until nothing is pending, print the account)
 *   main, standby the servers' addresses; standby may be left out
 *   code, data    handshake code, data directory
 *   counters      the file of the judge's books
 *   seed, threads, milliseconds
 *   end           close, or exit (without closing)
 *   resubmit      0 or 1, LTS_Resubmit
 *   clock, far    with the test build of the library: the file that says how many
 *                 seconds the clock is to be ahead (../clock.go), and 1 if it
 *                 goes so far that usage is given up as too old
 *   steps         1: the clock is set; otherwise time passes, as in a sleep
 *   copy          the path of a second copy of the library, to be used as well
 *   reader        microseconds between two readings of all files of the directory
 *   descriptors   how many files may be open at a time
 *   trouble       1: the ledger's lock may be held by others for long, or there may
 *                 be no descriptors: then calls may fail, and say so
 *   buffer        operations to hold back in memory and acknowledge at once:
 *                 the mistake that the judge has to notice (negative control)
 *
 * Exit code: 0 done; 1 wrong usage, or the machine failed; 3 the library did
 * what it must not. stderr says what. It writes nothing there otherwise.
 */
#define _POSIX_C_SOURCE 200809L
#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------ recording */

static _Atomic LTS_License current; /* 0 while none is open */
static atomic_int stopping;
static _Atomic int32_t types[TYPES] = {LTS_OT_QR_CODE, LTS_OT_EAN_13, 0};
static long buffer; /* operations held back in the negative control */
static uint64_t seed;
static const char *clock_file; /* NULL: the clock is the machine's */

/* Who records: a thread or a forked child, with its line of the books. */
typedef struct {
  line *books;
  uint64_t random;
  int hammer;
  int32_t held[TYPES]; /* in the negative control */
  int holding;
} recorder;

static int next_line; /* of the main thread */

static recorder new_recorder(void) {
  recorder r;
  memset(&r, 0, sizeof r);
  r.books = &kept->lines[next_line++];
  r.random = seed_of(seed, (uint64_t)next_line);
  return r;
}

static int lines_left(void) { return next_line < LINES; }

/* The statuses of an attempt to record: done, or told that the license was
 * closed meanwhile. */
static int done(int32_t status) {
  if (status != LTS_OK && status != LTS_ERR_INVALID_HANDLE) {
    violation("recording failed", "", status);
  }
  return status == LTS_OK;
}

static void flush(recorder *r, LTS_License license) {
  for (int type = 0; type < TYPES; type++) {
    if (r->held[type] > 0 && done(LTS_RecordOperation(license, types[type], r->held[type]))) {
      r->held[type] = 0;
    }
  }
  r->holding = 0;
}

static void record(recorder *r, LTS_License license, int type, int32_t count) {
  if (types[type] == 0) { /* it could not be defined yet */
    type = 0;
  }
  atomic_fetch_add(&r->books->started[type], (uint64_t)count);
  if (buffer > 0) { /* the mistake: acknowledged, and counted only later */
    r->held[type] += count;
    atomic_fetch_add(&r->books->acked[type], (uint64_t)count);
    if (++r->holding >= buffer) {
      flush(r, license);
    }
    return;
  }
  if (done(LTS_RecordOperation(license, types[type], count))) {
    atomic_fetch_add(&r->books->acked[type], (uint64_t)count);
  } else {
    atomic_fetch_sub(&r->books->started[type], (uint64_t)count);
  }
}

static void *record_all_the_time(void *argument) {
  recorder *r = argument;
  while (!atomic_load(&stopping)) {
    LTS_License license = atomic_load(&current);
    if (license == 0) {
      nap(500);
      continue;
    }
    record(r, license, (int)chance(&r->random, TYPES), 1 + (int32_t)chance(&r->random, 3));
    if (!r->hammer && chance(&r->random, 16) == 0) {
      nap(chance(&r->random, 4000));
    }
  }
  flush(r, atomic_load(&current));
  return NULL;
}

/* A forked child records on, whatever becomes of its parent. */
static void fork_child(uint64_t *random) {
  recorder r = new_recorder();
  atomic_fetch_add(&kept->forks, 1);
  int64_t until = milliseconds() + chance(random, 1500);
  pid_t child = fork();
  if (child < 0) {
    violation("fork failed", strerror(errno), LTS_OK);
  }
  if (child > 0) {
    return;
  }
  LTS_License license = atomic_load(&current);
  while (milliseconds() < until) {
    record(&r, license, (int)chance(&r.random, TYPES), 1);
    nap(chance(&r.random, 3000));
  }
  flush(&r, license);
  /* Everything else needs threads that a forked child does not have. */
  int32_t status = LTS_SubmitReports(license, 100);
  if (status != LTS_ERR_FORKED) {
    violation("a forked child may submit", "", status);
  }
  _exit(0);
}

static void record_at(recorder *r, LTS_License license, uint64_t *random) {
  int type = (int)chance(random, types[TYPES - 1] == 0 ? TYPES - 1 : TYPES);
  int64_t moment = seconds() - chance(random, 20 * 86400) / 600 * 600;
  atomic_fetch_add(&r->books->started[type], 5);
  int32_t status = LTS_RecordOperationAt(license, types[type], 5, moment);
  if (announced(status)) {
    return;
  }
  if (status == LTS_ERR_TIME_OUT_OF_RANGE && clock_file != NULL) { /* it was set meanwhile */
    atomic_fetch_sub(&r->books->started[type], 5);
    return;
  }
  if (status != LTS_OK) {
    violation("recording with a time stamp failed", "", status);
  }
  atomic_fetch_add(&r->books->acked[type], 5);
}

/* ------------------------------------------------------------ licenses */

static LTS_ConnectionParameters parameters;

/* Opens a license; 0 if no server could be asked and there is no authorization
 * to fall back on. */
static LTS_License open_license(void) {
  LTS_License license;
  char message[512];
  need_descriptors();
  int32_t status = LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message);
  have_descriptors();
  if (unreached(status)) {
    return 0;
  }
  if (status != LTS_OK) {
    violation("the authorization failed", message, status);
  }
  int32_t type = types[TYPES - 1];
  status = LTS_DefineOperationType(license, "CAMPAIGN", &type);
  if (status != LTS_OK && !announced(status)) {
    violation("defining an operation type failed", "", status);
  }
  atomic_store(&types[TYPES - 1], type);
  atomic_fetch_add(&kept->opened, 1);
  check(license);
  return license;
}

static void submit(LTS_License license, int32_t timeout) {
  int32_t status = LTS_SubmitReports(license, timeout);
  if (!submitted(status)) {
    violation("submitting failed", "", status);
  }
}

static void close_license(LTS_License license, int32_t timeout) {
  int32_t status = LTS_CloseLicense(license, timeout);
  if (status != LTS_OK && status != LTS_ERR_REPORTS_PENDING &&
      status != LTS_ERR_DEADLINE_EXCEEDED && !announced(status)) {
    violation("closing failed", "", status);
  }
}

static void act(LTS_License license, recorder *r, uint64_t *random) {
  switch (chance(random, 8)) {
    case 0:
    case 1:
      submit(license, (int32_t)chance(random, 1500));
      break;
    case 2:
      check(license);
      check_events(license);
      break;
    case 3:
      record_at(r, license, random);
      break;
    case 4:
      if (lines_left() && chance(random, 4) == 0) {
        fork_child(random);
      }
      break;
    case 5:
      for (int i = 0; i < 1000; i++) {
        record(r, license, (int)chance(&r->random, TYPES), 1);
      }
      break;
    default:
      nap(1000 + chance(random, 80000));
  }
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

static void run(char **arguments, int hammer) {
  enum { MAX_THREADS = 16 };
  static recorder recorders[MAX_THREADS];
  pthread_t threads[MAX_THREADS];
  uint64_t random = seed_of(seed, 1000);
  int64_t until = milliseconds() + number(arguments, "milliseconds", 1000);
  long count = number(arguments, "threads", 1);
  int without_close = strcmp(argument(arguments, "end", "close"), "exit") == 0;
  LTS_License license = 0;

  recorder own = new_recorder();
  for (long i = 0; i < count && i < MAX_THREADS; i++) {
    recorders[i] = new_recorder();
    recorders[i].hammer = hammer;
    if (pthread_create(&threads[i], NULL, record_all_the_time, &recorders[i]) != 0) {
      violation("a thread can't be started", "", LTS_OK);
    }
  }
  while (milliseconds() < until) {
    if ((license = open_license()) == 0) {
      nap(20000 + chance(&random, 100000));
      continue;
    }
    atomic_store(&current, license);
    uint32_t actions = 3 + chance(&random, 40);
    for (uint32_t i = 0; milliseconds() < until && (hammer || i < actions); i++) {
      if (hammer) {
        nap(10000);
      } else {
        act(license, &own, &random);
      }
    }
    if (milliseconds() >= until && (without_close || buffer > 0)) {
      break;
    }
    /* The threads go on recording while the license is closed. */
    flush(&own, license);
    close_license(license, (int32_t)chance(&random, 2) * (int32_t)chance(&random, 1500));
    license = 0;
  }
  if (without_close && buffer == 0) {
    _exit(0);
  }
  atomic_store(&stopping, 1);
  for (long i = 0; i < count && i < MAX_THREADS; i++) {
    pthread_join(threads[i], NULL);
  }
  flush(&own, atomic_load(&current));
  if (license != 0 && !without_close) {
    close_license(license, 500);
  }
}

/* ------------------------------------------------------------ the end */

/* Submits all that is left of a device and prints its account. */
static void settle(int64_t until) {
  LTS_License license = 0;
  LTS_LicenseInfo info;
  info.structSize = sizeof info;
  int32_t status = LTS_OK;
  while ((license = open_license()) == 0 && milliseconds() < until) {
    nap(100000);
  }
  if (license == 0) {
    violation("no authorization although nothing disturbs any more", "", LTS_OK);
  }
  do {
    status = LTS_SubmitReports(license, 10000);
    int32_t read = LTS_GetLicenseInfo(license, &info);
    if (read != LTS_OK) {
      violation("reading the license info failed", "", read);
    }
  } while ((status != LTS_OK || info.pending > 0) && milliseconds() < until);
  check(license);
  check_events(license);
  printf("{\"device\":\"%s\",\"recorded\":%" PRId64 ",\"accepted\":%" PRId64 ",\"pending\":%" PRId64
         ",\"lost\":%" PRId64 ",\"lostExpired\":%" PRId64 ",\"stateFlags\":%" PRIu32
         ",\"status\":%" PRId32 "}\n",
         info.deviceUUID, info.recorded, info.accepted, info.pending, info.lost, info.lostExpired,
         info.stateFlags, status);
  close_license(license, 1000);
}

int main(int argc, char **argv) {
  char **arguments = argv + (argc > 0 ? 1 : 0);
  const char *mode = argument(arguments, "mode", "run");
  const char *path = argument(arguments, "counters", NULL);
  if (path == NULL || argument(arguments, "main", NULL) == NULL) {
    fputs("usage: client mode=... main=URL code=... data=DIRECTORY counters=FILE ...\n", stderr);
    return 1;
  }
  open_books(path);
  seed = (uint64_t)number(arguments, "seed", 1);
  buffer = number(arguments, "buffer", 0);
  begin_checks(arguments);
  steps = (int)number(arguments, "steps", 0);
  clock_file = argument(arguments, "clock", NULL);
  if (clock_file != NULL) {
    follow(clock_file);
  }
  LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
  parameters.mainServerURL = argument(arguments, "main", NULL);
  parameters.standbyServerURL = argument(arguments, "standby", NULL);
  parameters.handshakeCode = argument(arguments, "code", NULL);
  parameters.dataDirectory = argument(arguments, "data", NULL);
  parameters.resubmit = (int32_t)number(arguments, "resubmit", LTS_RESUBMIT_NEXT_INIT);
  parameters.slotSeconds = 1;
  parameters.initTimeoutMilliseconds = 3000;
  parameters.requestTimeoutMilliseconds = 800;
  if (strcmp(mode, "settle") == 0) {
    parameters.initTimeoutMilliseconds = 12000;
    parameters.requestTimeoutMilliseconds = 10000;
    settle(milliseconds() + number(arguments, "milliseconds", 60000));
  } else {
    if (argument(arguments, "copy", NULL) != NULL) {
      begin_copy(arguments, &parameters, &kept->lines[next_line++], seed);
    }
    begin_habits(arguments, seed); /* and from now on there may be no descriptors */
    run(arguments, strcmp(mode, "hammer") == 0);
  }
  atomic_store(&over, 1);
  return 0;
}
