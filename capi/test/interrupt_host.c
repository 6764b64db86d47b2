/* A host whose threads are interrupted wherever they are.
 *
 * usage: interrupt_host URL HANDSHAKE-CODE DATA-DIRECTORY SCENE
 * Prints how many QR codes it recorded. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "license.h"
#include "scene.h"

enum {
  CLOSE_MILLISECONDS = 30000,
  SCENE_MILLISECONDS = 2500,
  PATIENCE_MILLISECONDS = 120000,
  ENOUGH_SIGNALS = 100,
  THREADS = 3
};

static LTS_License license;
static atomic_long recorded, handled;
static atomic_int interrupted; /* there are signals to be handled */

static long long milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static LTS_License open_one(void) { return open_license(url, code, directory, 180); }

/* A scene goes on for a while, and until it was interrupted often enough: on a busy machine
 * that takes longer. */
static int goes_on(long long begin) {
  const long long played = milliseconds() - begin;
  return played < SCENE_MILLISECONDS ||
         (atomic_load(&interrupted) && atomic_load(&handled) <= ENOUGH_SIGNALS &&
          played < PATIENCE_MILLISECONDS);
}

/* Everything a license can do. */
static void *use(void *nothing) {
  const long long begin = milliseconds();
  for (int i = 0; goes_on(begin); i++) {
    LTS_LicenseInfo info;
    LTS_Event event;
    int32_t type = 0;
    info.structSize = sizeof info;
    event.structSize = sizeof event;
    EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));
    EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
    atomic_fetch_add(&recorded, 2);
    EXPECT(LTS_SubmitReports(license, 10000) <= 0);
    EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
    EXPECT(LTS_PollEvent(license, &event, i % 3) >= 0);
    EXPECT_IS(LTS_OK, LTS_DefineOperationType(license, "MRZ", &type));
    if (i % 16 == 0) {
      EXPECT_IS(LTS_OK, ask_for_uuid(directory));
      EXPECT_IS(LTS_OK, LTS_CloseLicense(open_one(), CLOSE_MILLISECONDS));
    }
  }
  return nothing;
}

static void use_in_threads(void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_create(&threads[i], NULL, use, NULL));
  }
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
}

/* ------------------------------------------------------------------- handlers */

static void count_only(int number) {
  (void)number;
  atomic_fetch_add(&handled, 1);
}

/* Takes as much of the stack as some handlers do. */
static void use_stack(int number) {
  volatile char frame[16384];
  for (size_t i = 0; i < sizeof frame; i += 256) {
    frame[i] = (char)number;
  }
  atomic_fetch_add(&handled, 1);
}

/* A handler that does not ask for the alternate stack, called every so often. */
static void interrupt(int timer, int number, void (*handler)(int), int flags, long microseconds) {
  struct sigaction action;
  struct itimerval every;
  atomic_store(&interrupted, 1);
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  EXPECT_IS(0, sigaction(number, &action, NULL));
  every.it_interval.tv_sec = every.it_value.tv_sec = 0;
  every.it_interval.tv_usec = every.it_value.tv_usec = microseconds;
  EXPECT_IS(0, setitimer(timer, &every, NULL));
}

static void stop(int timer) {
  struct itimerval none;
  memset(&none, 0, sizeof none);
  EXPECT_IS(0, setitimer(timer, &none, NULL));
  EXPECT(atomic_load(&handled) > ENOUGH_SIGNALS);
}

static void profiler(void) {
  license = open_one();
  interrupt(ITIMER_PROF, SIGPROF, count_only, SA_RESTART, 500);
  use_in_threads();
  stop(ITIMER_PROF);
}

static void profiler_first(void) {
  interrupt(ITIMER_PROF, SIGPROF, use_stack, 0, 500);
  license = open_one();
  use_in_threads();
  stop(ITIMER_PROF);
}

static void alarms(void) {
  license = open_one();
  interrupt(ITIMER_REAL, SIGALRM, count_only, 0, 200);
  use_in_threads();
  stop(ITIMER_REAL);
}

static void large_frames(void) {
  license = open_one();
  interrupt(ITIMER_REAL, SIGALRM, use_stack, SA_RESTART, 200);
  use_in_threads();
  stop(ITIMER_REAL);
}

/* Signals that the host sends to each of its threads, as some garbage collectors do. */
static pthread_t targets[THREADS];
static atomic_int targets_go_on;

static void *pelt(void *nothing) {
  while (atomic_load(&targets_go_on)) {
    for (int i = 0; i < THREADS; i++) {
      pthread_kill(targets[i], SIGRTMIN);
      pthread_kill(targets[i], SIGURG);
    }
    usleep(50);
  }
  return nothing;
}

static void directed_signals(void) {
  pthread_t pelting;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = use_stack;
  license = open_one();
  EXPECT_IS(0, sigaction(SIGRTMIN, &action, NULL));
  EXPECT_IS(0, sigaction(SIGURG, &action, NULL));
  atomic_store(&targets_go_on, 1);
  atomic_store(&interrupted, 1);
  const long long begin = milliseconds();
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_create(&targets[i], NULL, use, NULL));
  }
  EXPECT_IS(0, pthread_create(&pelting, NULL, pelt, NULL));
  do {
    usleep((SCENE_MILLISECONDS - 500) * 1000);
  } while (goes_on(begin) && atomic_load(&handled) <= ENOUGH_SIGNALS);
  atomic_store(&targets_go_on, 0);
  EXPECT_IS(0, pthread_join(pelting, NULL));
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_join(targets[i], NULL));
  }
  EXPECT(atomic_load(&handled) > ENOUGH_SIGNALS);
}

/* -------------------------------------------------------------- small stacks */

static void *use_with_small_signal_stack(void *nothing) {
  stack_t small, after;
  static _Thread_local char memory[4096];
  memset(&small, 0, sizeof small);
  small.ss_sp = memory;
  small.ss_size = sizeof memory;
  EXPECT_IS(0, sigaltstack(&small, NULL));
  use(nothing);
  EXPECT_IS(0, sigaltstack(NULL, &after));
  EXPECT(after.ss_sp == memory && after.ss_size == sizeof memory && after.ss_flags == 0);
  return nothing;
}

static void small_stacks(void) {
  pthread_t threads[THREADS];
  pthread_attr_t attributes;
  EXPECT_IS(0, pthread_attr_init(&attributes));
  EXPECT_IS(0, pthread_attr_setstacksize(&attributes, 64 << 10));
  interrupt(ITIMER_REAL, SIGALRM, count_only, SA_ONSTACK, 500);
  license = open_one();
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_create(&threads[i], &attributes, use_with_small_signal_stack, NULL));
  }
  for (int i = 0; i < THREADS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  stop(ITIMER_REAL);
}

/* ---------------------------------------------------------------- cancellation */

static void *use_until_cancelled(void *asynchronously) {
  if (asynchronously != NULL) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  }
  for (int i = 0;; i++) {
    LTS_LicenseInfo info;
    LTS_Event event;
    int32_t type = 0;
    info.structSize = sizeof info;
    event.structSize = sizeof event;
    LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 0, time(NULL));
    LTS_SubmitReports(license, 5000);
    LTS_GetLicenseInfo(license, &info);
    LTS_PollEvent(license, &event, i % 20);
    LTS_DefineOperationType(license, "MRZ", &type);
    pthread_testcancel();
  }
  return NULL;
}

static void cancel_threads(void *how) {
  license = open_one();
  for (int i = 0; i < 300; i++) {
    pthread_t thread;
    void *result = NULL;
    EXPECT_IS(0, pthread_create(&thread, NULL, use_until_cancelled, how));
    usleep((useconds_t)(i * 37 % 5000));
    const long long before = milliseconds();
    EXPECT_IS(0, pthread_cancel(thread));
    EXPECT_IS(0, pthread_join(thread, &result));
    EXPECT(how != NULL || result == PTHREAD_CANCELED); /* it never returns */
    EXPECT(milliseconds() - before < 5000);
  }
  use(NULL);
}

static void cancelled(void) { cancel_threads(NULL); }

static void cancelled_anywhere(void) { cancel_threads(&license); }

static const struct scene scenes[] = {
    {"profiler", profiler},
    {"profiler first", profiler_first},
    {"alarms", alarms},
    {"large frames", large_frames},
    {"directed signals", directed_signals},
    {"small stacks", small_stacks},
    {"cancelled", cancelled},
    {"cancelled anywhere", cancelled_anywhere},
};

int main(int argc, char **argv) {
  if (!play(argc, argv, scenes, sizeof scenes / sizeof *scenes)) {
    return 2;
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  printf("%ld\n", atomic_load(&recorded));
  return failures();
}
