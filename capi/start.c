/* Starting Go. See start.h, entry/ and entry.ld.
 *
 * The loader does not start Go: loading the library starts no thread, installs no
 * handler, and can't fail for lack of resources. A child that is forked before the first
 * use can do everything that its parent can. */
#define _GNU_SOURCE
#include "start.h"

#if defined(_WIN32)

/* See start_windows.c. ISO C does not allow an empty file. */
typedef int openlts_no_start;

#else

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../include/openlts/openlts.h"
#include "wait.h"

#define TEXT(number) DIGITS(number)
#define DIGITS(number) #number

/* What Go and SQLite need, as measured (docs/hosts.md) and rounded up. */
#define DESCRIPTORS 12    /* 10 for the poller and a license */
#define THREADS 12        /* 9 to begin with, 10 under load */
#define ADDRESS_SPACE 992 /* MB, of which Go reserves most at once and uses little */
#define DATA 96           /* MB of it that may be written to, besides the threads' stacks */

enum { SMALL = 65536, TRIES = 200 };
enum { ADDRESS_SPACE_BYTES = ADDRESS_SPACE << 20, DATA_BYTES = DATA << 20 };
enum { BALLAST = 192 << 20, BALLAST_DATA = 32 << 20 };

static const char lack_of_descriptors[] = "the process lacks file descriptors: " TEXT(
    DESCRIPTORS) " more are needed; raise the limit (ulimit -n)";
static const char lack_of_threads[] = "the process lacks threads: " TEXT(
    THREADS) " more are needed; raise the limit (ulimit -u, or that of the cgroup)";
static const char lack_of_memory[] = "the process lacks address space: " TEXT(
    ADDRESS_SPACE) " MB more are needed; raise the limit (ulimit -v)";
static const char lack_of_data[] = "the process lacks memory: " TEXT(
    DATA) " MB and the stacks of " TEXT(THREADS) " threads are needed; raise the limit (ulimit -d)";

/* How far the start has come. */
enum { NOT_STARTED, STARTING, STARTED };
static atomic_int stage;
static pid_t started_by;
static _Atomic(const char *) lacks;

/* Set in a forked child by the handler below. The process id reveals forks that bypass
 * such handlers. */
static atomic_int in_fork;

static void after_fork(void) {
  int found = STARTING;
  if (atomic_load(&stage) == STARTED) {
    atomic_store_explicit(&in_fork, 1, memory_order_relaxed);
  } else {
    /* Another thread, which the child does not have, was checking the resources. */
    atomic_compare_exchange_strong(&stage, &found, NOT_STARTED);
  }
}

int openlts_forked(void) {
  return atomic_load_explicit(&in_fork, memory_order_relaxed) != 0 ||
         (atomic_load(&stage) == STARTED && getpid() != started_by);
}

void openlts_let_others(void) { sched_yield(); }

/* Where the linker put Go's entry, as an array of one; NULL if it could not, so that the
 * loader runs it. */
typedef void go_entry(int argc, char **argv);
extern go_entry *const openlts_go_entry[] __attribute__((weak, visibility("hidden")));

/* If the loader starts Go, it does so between these two: a constructor with a priority
 * runs before Go's own, one without runs after it. Go's threads inherit the blocked
 * signals. */
static sigset_t mask_of_host;

__attribute__((constructor(101))) static void before_go(void) {
  if (openlts_go_entry == NULL) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask_of_host);
  }
}

__attribute__((constructor)) static void loaded(void) {
  if (openlts_go_entry == NULL) {
    pthread_sigmask(SIG_SETMASK, &mask_of_host, NULL);
    started_by = getpid();
    atomic_store(&stage, STARTED);
  }
  pthread_atfork(NULL, NULL, after_fork);
}

#if !defined(__linux__)

int32_t openlts_start(int64_t until, const char **why) {
  (void)until;
  if (openlts_forked()) {
    *why = LTS_StatusMessage(LTS_ERR_FORKED);
    return LTS_ERR_FORKED;
  }
  return LTS_OK;
}

void openlts_started(void) {}

const char *openlts_lack_of_descriptors(void) { return NULL; }

#else

#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/syscall.h>

/* ------------------------------------------------------- the file descriptors */

/* Gives this thread, and those that it starts, a separate table of file descriptors: the
 * host can't close ours, ours don't count among the host's, and no fork inherits them.
 * File locks of a process (fcntl) belong either to the host or to us and never get mixed
 * up. The new table does not keep the host's descriptors open.
 *
 * If that is impossible (old kernels, sandboxes), the table is shared. */
static void take_own_descriptors(void) {
#if defined(SYS_close_range)
  const unsigned unshare_them = 1U << 1; /* CLOSE_RANGE_UNSHARE */
  if (syscall(SYS_close_range, 0U, ~0U, unshare_them) != 0) {
    return;
  }
  /* Take the first three numbers, because code may write to them by mistake. */
  for (int i = 0; i < 3; i++) {
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      fd = eventfd(0, EFD_CLOEXEC);
    }
    if (fd > 2) {
      close(fd);
    }
  }
#endif
}

/* Tries to open as many descriptors as a license may need. */
const char *openlts_lack_of_descriptors(void) {
  int tried[DESCRIPTORS];
  int n = 0;
  tried[n++] = epoll_create1(EPOLL_CLOEXEC);
  while (n < DESCRIPTORS && tried[n - 1] >= 0) {
    tried[n++] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  }
  const char *lack = tried[n - 1] < 0 ? lack_of_descriptors : NULL;
  while (n-- > 0) {
    if (tried[n] >= 0) {
      close(tried[n]);
    }
  }
  return lack;
}

/* --------------------------------------------------------------------- the sandbox */

#define REFUSED(call) \
  "the process may not call " call ", which is needed: allow it in its sandbox (seccomp)"

/* Go ends the process if one of these is refused. It handles errors of other calls. */
static const char *lack_of_calls(void) {
  const char *refused = NULL;
  unsigned char byte;
  sigset_t mask;
  stack_t stack;
  struct epoll_event event = {.events = EPOLLIN};
  const int poller = epoll_create1(EPOLL_CLOEXEC), wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poller < 0 || wake < 0) {
    refused = errno == EMFILE || errno == ENFILE ? lack_of_descriptors
                                                 : REFUSED("epoll_create1 and eventfd2");
  } else if (epoll_ctl(poller, EPOLL_CTL_ADD, wake, &event) != 0) {
    refused = errno == ENOSPC || errno == ENOMEM ? lack_of_data : REFUSED("epoll_ctl");
  } else if (epoll_pwait(poller, &event, 1, 0, NULL) < 0 && errno != EINTR) {
    refused = REFUSED("epoll_pwait");
  } else if (syscall(SYS_getrandom, &byte, 1, 1 /* GRND_NONBLOCK */) < 0 && errno != EAGAIN &&
             errno != ENOSYS && errno != EINTR) {
    refused = REFUSED("getrandom");
  } else if (sigaltstack(NULL, &stack) != 0) {
    refused = REFUSED("sigaltstack");
  } else if (pthread_sigmask(SIG_SETMASK, NULL, &mask) != 0) {
    refused = REFUSED("rt_sigprocmask");
  }
  if (wake >= 0) {
    close(wake);
  }
  if (poller >= 0) {
    close(poller);
  }
  return refused;
}

/* --------------------------------------------------------------------- threads */

/* Threads in reserve. Go ends the process if it can't create a thread. So the threads
 * that it needs at first are created before it starts, and wait here. If no more can be
 * created, Go waits, and whoever waits for Go gives up in time. */
typedef struct {
  atomic_int order;
  void *(*run)(void *);
  void *argument;
  pthread_t thread;
} reserve;

enum { STAND_BY, RUN, LEAVE, LEFT };

static reserve reserves[THREADS];
static atomic_int reserved;

/* The names that the linker gives to calls from within this library (--wrap), and the
 * functions themselves. Both exist only if it does that. */
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
    __attribute__((weak));
int __wrap_pthread_getattr_np(pthread_t, pthread_attr_t *);
int __real_pthread_getattr_np(pthread_t, pthread_attr_t *) __attribute__((weak));
void *__wrap_malloc(size_t);
void *__real_malloc(size_t) __attribute__((weak));
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
void *__real_mmap(void *, size_t, int, int, int, off_t) __attribute__((weak));

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

/* Detached, and with all signals blocked. */
static int start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  pthread_attr_t detached;
  sigset_t all, before;
  int error = pthread_attr_init(&detached);
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

/* Wait until they have ended: only then can others take their place. */
static void dismiss_threads(int n) {
  while (n-- > 0) {
    give_order(&reserves[n], LEAVE);
    while (atomic_load(&reserves[n].order) == LEAVE) {
      openlts_wait(&reserves[n].order, LEAVE, OPENLTS_NEVER);
    }
  }
}

/* Takes address space, but no memory. */
static void *reserve_space(size_t size) {
  void *space =
      __real_mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return space == MAP_FAILED ? NULL : space;
}

/* What the process lacks of so much address space, of which the first part is writable,
 * which has a limit of its own (RLIMIT_DATA). NULL: nothing. */
static const char *lack_of_space(size_t size, size_t data) {
  void *space = reserve_space(size);
  const char *lack = space == NULL ? lack_of_memory : NULL;
  if (space != NULL) {
    if (mprotect(space, data, PROT_READ | PROT_WRITE) != 0) {
      lack = lack_of_data;
    }
    munmap(space, size);
  }
  return lack;
}

/* Why a thread can't be created now. The C library returns the same error (EAGAIN) for
 * too many threads and for too little space for a stack. */
static const char *lack_behind_thread(void) {
  pthread_attr_t usual;
  size_t stack = 0;
  if (pthread_attr_init(&usual) == 0) {
    pthread_attr_getstacksize(&usual, &stack);
    pthread_attr_destroy(&usual);
  }
  const char *lack = lack_of_space(stack + SMALL, stack);
  return lack == NULL ? lack_of_threads : lack;
}

static const char *reserve_threads(void) {
  for (int n = 0; n < THREADS; n++) {
    atomic_store(&reserves[n].order, STAND_BY);
    if (start_thread(&reserves[n].thread, stand_by, &reserves[n]) != 0) {
      const char *lack = lack_behind_thread();
      dismiss_threads(n);
      return lack;
    }
  }
  return NULL;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument) {
  int left = atomic_load(&reserved);
  while (left > 0) {
    if (atomic_compare_exchange_weak(&reserved, &left, left - 1)) {
      reserve *r = &reserves[left - 1];
      r->run = run;
      r->argument = argument;
      *thread = r->thread;
      give_order(r, RUN);
      return 0;
    }
  }
  for (;;) {
    int error = __real_pthread_create(thread, attributes, run, argument);
    if (error != EAGAIN && error != ENOMEM) {
      return error;
    }
    pause_briefly();
  }
}

/* ---------------------------------------------------------------------- memory */

/* Go ends the process if C's malloc fails for a few bytes. So within this library, where
 * only Go's threads call it, malloc waits a little and tries again. It does not for large
 * blocks: those are SQLite's, which can do without. */
void *__wrap_malloc(size_t size) {
  void *block = __real_malloc(size);
  for (int i = 0; block == NULL && size <= SMALL && i < TRIES; i++) {
    if (i >= 10) {
      pause_briefly();
    }
    block = __real_malloc(size);
  }
  return block;
}

/* Everything in the process takes address space, for example the C library for each
 * thread. So we keep what Go is sure to need soon. */
static _Atomic(void *) ballast;

/* If writable memory is limited, too, part of the ballast counts as writable. */
static void *take_ballast(void) {
  struct rlimit limit;
  void *space = reserve_space(BALLAST);
  if (space != NULL && getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      mprotect(space, BALLAST_DATA, PROT_READ | PROT_WRITE) != 0) {
    munmap(space, BALLAST);
    return NULL;
  }
  return space;
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  void *got = __real_mmap(address, size, protection, flags, fd, offset);
  void *kept = NULL;
  if (got == MAP_FAILED && errno == ENOMEM && (flags & MAP_ANONYMOUS) != 0 &&
      (kept = atomic_exchange(&ballast, NULL)) != NULL) {
    munmap(kept, BALLAST);
    got = __real_mmap(address, size, protection, flags, fd, offset);
    const int error = errno;
    atomic_store(&ballast, take_ballast());
    errno = error;
  }
  return got;
}

/* What the process lacks of the memory that Go needs at its start, or NULL. */
static const char *lack_of_go(void) {
  void *volatile block = calloc(1, SMALL);
  const char *lack = block == NULL ? lack_of_data : lack_of_space(ADDRESS_SPACE_BYTES, DATA_BYTES);
  free(block);
  if (lack == NULL) {
    atomic_store(&ballast, take_ballast());
  }
  return lack;
}

int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  int error = __real_pthread_getattr_np(thread, attributes);
  for (int i = 0; error != 0 && i < TRIES; i++) {
    pause_briefly();
    error = __real_pthread_getattr_np(thread, attributes);
  }
  return error;
}

/* ----------------------------------------------------------------- the new world */

/* What Go sees as its program and environment: nothing of the host but its home
 * directory. What follows the environment comes from the kernel and is for Go's runtime. */
static char home[4096 + sizeof "HOME="];
static char processors[sizeof "GOMAXPROCS=0"];
static unsigned char randomness[16];

/* Go must not stop goroutines by signals, which would disturb the host's timers and
 * profilers. All of our goroutines stop by themselves. */
static char no_preemption[] = "GODEBUG=asyncpreemptoff=1";

enum {
  ARGUMENT,
  ARGUMENTS_END,
  ENVIRONMENT,
  ENVIRONMENT_END = ENVIRONMENT + 3,
  AUXILIARY,
  MAX_AUXILIARY = 16
};
static char *vector[AUXILIARY + MAX_AUXILIARY];

static void describe_program(void) {
  static char name[] = "openlts";
  static const unsigned long kept[] = {AT_PAGESZ, AT_HWCAP, AT_HWCAP2, AT_SYSINFO_EHDR, AT_SECURE};
  int n = ENVIRONMENT;
  const char *directory = getenv("HOME");
  cpu_set_t cpus;
  memset(vector, 0, sizeof vector);
  vector[ARGUMENT] = name;
  vector[n++] = no_preemption;
  /* The library has little to do at the same time: more processors would only mean more
   * threads. */
  int count = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 2;
  snprintf(processors, sizeof processors, "GOMAXPROCS=%d", count < 2 ? 1 : 2);
  vector[n++] = processors;
  if (directory != NULL && strlen(directory) <= 4096) {
    snprintf(home, sizeof home, "HOME=%s", directory);
    vector[n++] = home;
  }
  vector[n++] = NULL;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    vector[n++] = (char *)(uintptr_t)kept[i];            /* NOLINT: that is how the */
    vector[n++] = (char *)(uintptr_t)getauxval(kept[i]); /* NOLINT: kernel passes it */
  }
  if (syscall(SYS_getrandom, randomness, sizeof randomness, 1 /* GRND_NONBLOCK */) ==
      sizeof randomness) {
    vector[n++] = (char *)(uintptr_t)AT_RANDOM; /* NOLINT */
    vector[n++] = (char *)randomness;
  }
}

/* The limit of open files that the host has set. Go raises it; we restore it. */
static struct rlimit files;
static atomic_int files_known;

void openlts_started(void) {
  struct rlimit now;
  if (atomic_exchange(&files_known, 0) && getrlimit(RLIMIT_NOFILE, &now) == 0 &&
      now.rlim_max == files.rlim_max) {
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

/* Go installs handlers, and changes a flag of those that exist. It needs only the
 * handlers for faults of its own code. */
static int is_fault(int number) {
  return number == SIGSEGV || number == SIGBUS || number == SIGFPE;
}

static void run_entry(void) {
  static struct sigaction handlers[NSIG];
  int known[NSIG];
  for (int number = 1; number < NSIG; number++) {
    known[number] = sigaction(number, NULL, &handlers[number]) == 0;
  }
  openlts_go_entry[0](1, vector);
  for (int number = 1; number < NSIG; number++) {
    struct sigaction now;
    if (known[number] && !is_fault(number) && sigaction(number, NULL, &now) == 0 &&
        (now.sa_flags != handlers[number].sa_flags ||
         now.sa_handler != handlers[number].sa_handler)) {
      sigaction(number, &handlers[number], NULL);
    }
  }
}

/* Runs in a thread of its own, from which Go's threads inherit everything. */
static void *start(void *nothing) {
  const char *lack = NULL;
  take_own_descriptors();
  lack = lack_of_calls();
  if (lack == NULL) {
    lack = openlts_lack_of_descriptors();
  }
  if (lack == NULL) {
    lack = reserve_threads();
    if (lack == NULL && (lack = lack_of_go()) != NULL) {
      dismiss_threads(THREADS);
    }
  }
  if (lack == NULL) {
    atomic_store(&reserved, THREADS);
    describe_program();
    atomic_store(&files_known, getrlimit(RLIMIT_NOFILE, &files) == 0);
    started_by = getpid();
  }
  atomic_store(&lacks, lack);
  atomic_store(&stage, lack == NULL ? STARTED : NOT_STARTED);
  openlts_wake_all(&stage);
  if (lack == NULL) {
    run_entry();
  }
  return nothing;
}

int32_t openlts_start(int64_t until, const char **why) {
  int found = NOT_STARTED;
  pthread_t thread;
  if (atomic_compare_exchange_strong(&stage, &found, STARTING)) {
    atomic_store(&lacks, lack_of_threads);
    if (start_thread(&thread, start, NULL) != 0) {
      atomic_store(&lacks, lack_behind_thread());
      atomic_store(&stage, NOT_STARTED);
      openlts_wake_all(&stage);
    }
  }
  while ((found = atomic_load(&stage)) == STARTING) {
    if (!openlts_wait(&stage, STARTING, until)) {
      *why = "the threads of the library did not start in time";
      return LTS_ERR_DEADLINE_EXCEEDED;
    }
  }
  if (found == NOT_STARTED) {
    *why = atomic_load(&lacks);
    return LTS_ERR_HOST_RESOURCES;
  }
  if (openlts_forked()) {
    *why = LTS_StatusMessage(LTS_ERR_FORKED);
    return LTS_ERR_FORKED;
  }
  return LTS_OK;
}

#endif
#endif
