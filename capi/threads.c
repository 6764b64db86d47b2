/* Threads in reserve. Go ends the process if it can't have a thread. So those with which it
 * begins are there before it starts, and wait here; and those that another license needs, in
 * which two may wait for the disk at a time, are there before it is opened. If Go can't have
 * more than these, it waits, and a call that waits for Go returns at its deadline. */
#define _GNU_SOURCE
#include "threads.h"

#if defined(__linux__)

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#include "capi.h"
#include "memory.h"
#include "needs.h"
#include "wait.h"

/* Of each thread of ours, whatever the host's default is: SQLite and Go's runtime take some
 * 100 KB. What the host's libraries keep for each thread (TLS) comes on top. */
enum { STACK = 1 << 20 };

enum { SMALL = 65536, TRIES = 200 };

typedef struct {
  atomic_int order;
  void *(*run)(void *);
  void *argument;
  pthread_t thread;
} reserve;

enum { STAND_BY, RUN, LEAVE, LEFT };

enum { MOST_THREADS = THREADS + FOR_ANOTHER * OPENLTS_MAX_LICENSES };

static reserve reserves[MOST_THREADS];
static atomic_int made, given; /* so many of them */
static atomic_int others;      /* that Go has besides */

/* The names that the linker gives to calls from within this library (--wrap), and the
 * functions themselves. Both exist only if it does that. */
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
    __attribute__((weak));
int __wrap_pthread_getattr_np(pthread_t, pthread_attr_t *);
int __real_pthread_getattr_np(pthread_t, pthread_attr_t *) __attribute__((weak));
int __wrap_pthread_attr_getstacksize(const pthread_attr_t *, size_t *);

static void give_order(reserve *r, int order) {
  atomic_store(&r->order, order);
  openlts_wake(&r->order);
}

static void *stand_by(void *argument) {
  reserve *r = argument;
  while (atomic_load(&r->order) == STAND_BY) {
    openlts_wait(&r->order, STAND_BY, OPENLTS_NEVER);
  }
  if (atomic_load(&r->order) == RUN) {
    return r->run(r->argument);
  }
  give_order(r, LEFT);
  return NULL;
}

static void pause_briefly(void) {
  const struct timespec moment = {0, 10000000};
  nanosleep(&moment, NULL);
}

/* What a library keeps for each thread lies on the thread's stack. */
static int add_own_of_threads(struct dl_phdr_info *library, size_t size, void *sum) {
  (void)size;
  for (int i = 0; i < library->dlpi_phnum; i++) {
    if (library->dlpi_phdr[i].p_type == PT_TLS) {
      *(size_t *)sum += library->dlpi_phdr[i].p_memsz + library->dlpi_phdr[i].p_align;
    }
  }
  return 0;
}

static size_t stack_size(void) {
  static atomic_size_t known; /* Go computes with one size */
  size_t size = atomic_load(&known);
  if (size == 0) {
    size_t sum = STACK + SMALL;
    dl_iterate_phdr(add_own_of_threads, &sum);
    sum = (sum + SMALL - 1) & ~(size_t)(SMALL - 1);
    size = atomic_compare_exchange_strong(&known, &size, sum) ? sum : size;
  }
  return size;
}

/* What Go asks of the attributes that it gives to pthread_create: it reckons with so much. */
int __wrap_pthread_attr_getstacksize(const pthread_attr_t *attributes, size_t *size) {
  (void)attributes;
  *size = STACK;
  return 0;
}

/* Detached, and with all signals blocked. */
int openlts_start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  pthread_attr_t detached;
  sigset_t all, before;
  int error = pthread_attr_init(&detached);
  if (error == 0) {
    error = pthread_attr_setstacksize(&detached, stack_size());
  }
  if (error != 0) {
    return error;
  }
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = __real_pthread_create(thread, &detached, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&detached);
  return error;
}

/* Waits until they have ended: only then can others take their place. */
void openlts_dismiss_threads(void) {
  int n = atomic_exchange(&made, 0);
  while (n-- > 0) {
    give_order(&reserves[n], LEAVE);
    while (atomic_load(&reserves[n].order) == LEAVE) {
      openlts_wait(&reserves[n].order, LEAVE, OPENLTS_NEVER);
    }
  }
}

/* Why a thread can't be had right now. The C library says the same (EAGAIN) of too many
 * threads and of too little space for a stack. */
static const char *lack_behind_thread(const char *otherwise) {
  const char *lack =
      openlts_lack_of_memory(openlts_look_for_memory(stack_size() + SMALL, stack_size()));
  return lack == NULL ? otherwise : lack;
}

/* Sees to it that there are so many. One thread at a time calls it. */
static int reserve_threads(int many) {
  for (int n = atomic_load(&made); n < many; n++) {
    atomic_store(&reserves[n].order, STAND_BY);
    if (openlts_start_thread(&reserves[n].thread, stand_by, &reserves[n]) != 0) {
      return 0;
    }
    atomic_store(&made, n + 1);
  }
  return 1;
}

const char *openlts_lack_behind_thread(void) { return lack_behind_thread(LACK_OF_THREADS); }

const char *openlts_reserve_first_threads(void) {
  if (reserve_threads(THREADS)) {
    return NULL;
  }
  const char *lack = openlts_lack_behind_thread();
  openlts_dismiss_threads();
  return lack;
}

const char *openlts_reserve_threads(int licenses) {
  static atomic_flag reserving = ATOMIC_FLAG_INIT;
  const char *lack = NULL;
  while (atomic_flag_test_and_set_explicit(&reserving, memory_order_acquire)) {
    sched_yield();
  }
  const int wanted = THREADS + FOR_ANOTHER * (licenses - 1) - atomic_load(&others);
  if (!reserve_threads(wanted < MOST_THREADS ? wanted : MOST_THREADS)) {
    lack = lack_behind_thread(LACK_OF_MORE_THREADS);
  }
  atomic_flag_clear_explicit(&reserving, memory_order_release);
  return lack;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument) {
  int next = atomic_load(&given);
  while (next < atomic_load(&made)) {
    if (atomic_compare_exchange_weak(&given, &next, next + 1)) {
      reserve *r = &reserves[next];
      r->run = run;
      r->argument = argument;
      *thread = r->thread;
      give_order(r, RUN);
      return 0;
    }
  }
  (void)attributes; /* Go's are those of openlts_start_thread */
  for (;;) {
    int error = openlts_start_thread(thread, run, argument);
    if (error != EAGAIN && error != ENOMEM) {
      atomic_fetch_add(&others, error == 0);
      return error;
    }
    pause_briefly();
  }
}

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  int error = __real_pthread_getattr_np(thread, attributes);
  for (int i = 0; error != 0 && i < TRIES; i++) {
    pause_briefly();
    error = __real_pthread_getattr_np(thread, attributes);
  }
  return error;
}

#else

/* ISO C does not allow an empty file. */
typedef int openlts_no_threads;

#endif
