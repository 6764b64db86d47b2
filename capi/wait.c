#define _GNU_SOURCE
#include "wait.h"

#if defined(__linux__)

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t openlts_milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int openlts_wait(atomic_int *word, int seen, int64_t until) {
  if (until == OPENLTS_NEVER) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL);
    return 1;
  }
  /* A day at a time, which fits in any time_t. */
  int64_t left = until - openlts_milliseconds();
  left = left > 86400000 ? 86400000 : left;
  if (left <= 0) {
    return 0;
  }
  struct timespec t = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &t);
  return 1;
}

void openlts_wake(atomic_int *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

void openlts_wake_all(atomic_int *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX); }

#elif defined(_WIN32)

#include <windows.h>

int64_t openlts_milliseconds(void) { return (int64_t)GetTickCount64(); }

int openlts_wait(atomic_int *word, int seen, int64_t until) {
  int64_t left = until == OPENLTS_NEVER ? 86400000 : until - openlts_milliseconds();
  if (left <= 0) {
    return 0;
  }
  WaitOnAddress((volatile VOID *)word, &seen, sizeof seen,
                (DWORD)(left > 86400000 ? 86400000 : left));
  return 1;
}

void openlts_wake(atomic_int *word) { WakeByAddressSingle((PVOID)word); }

void openlts_wake_all(atomic_int *word) { WakeByAddressAll((PVOID)word); }

#else

#include <pthread.h>
#include <time.h>

/* One condition for all words: a thread that is woken in vain waits again. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

int64_t openlts_milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int openlts_wait(atomic_int *word, int seen, int64_t until) {
  int64_t left = until == OPENLTS_NEVER ? 86400000 : until - openlts_milliseconds();
  left = left > 86400000 ? 86400000 : left;
  if (left <= 0) {
    return 0;
  }
  struct timespec t = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};
  pthread_mutex_lock(&guard);
  if (atomic_load(word) == seen) {
#if defined(__APPLE__)
    pthread_cond_timedwait_relative_np(&changed, &guard, &t);
#else
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    t.tv_sec += now.tv_sec;
    t.tv_nsec += now.tv_nsec;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&changed, &guard, &t);
#endif
  }
  pthread_mutex_unlock(&guard);
  return 1;
}

void openlts_wake(atomic_int *word) { openlts_wake_all(word); }

void openlts_wake_all(atomic_int *word) {
  (void)word;
  pthread_mutex_lock(&guard);
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&guard);
}

#endif
