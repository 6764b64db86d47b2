/* Time, and the clock of the test build of the library. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap(uint32_t microseconds) {
  struct timespec t = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
  nanosleep(&t, NULL);
}

void start_thread(void *(*work)(void *), void *with) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, with) != 0) {
    violation("a thread can't be started", "", LTS_OK);
  }
}

int steps;
static _Atomic int64_t ahead; /* of the machine's clock */
atomic_int over;

int64_t seconds(void) { return (int64_t)time(NULL) + atomic_load(&ahead); }

#ifdef OPENLTS_TESTKIT
static void set_clock(const _Atomic int64_t *wanted) {
  int64_t by = atomic_load(wanted) - atomic_load(&ahead);
  if (by != 0) {
    int32_t status = steps ? LTS_TestkitStepClock(by) : LTS_TestkitMoveClock(by);
    if (status != LTS_OK) {
      violation("the clock can't be moved", "", status);
    }
    atomic_fetch_add(&ahead, by);
  }
}

static void *follow_clock(void *wanted) {
  while (!atomic_load(&over)) {
    set_clock(wanted);
    nap(1000);
  }
  return NULL;
}

void follow(const char *clock_file) {
  int file = open(clock_file, O_RDONLY);
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (file < 0 || mapped == MAP_FAILED) {
    fprintf(stderr, "client: %s: %s\n", clock_file, strerror(errno));
    exit(1);
  }
  close(file);
  set_clock(mapped);
  start_thread(follow_clock, mapped);
}
#else
void follow(const char *clock_file) {
  violation("this library has no clock to set", clock_file, LTS_OK);
}
#endif
