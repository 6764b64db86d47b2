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
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../include/openlts/openlts.h"
#include "capi.h"
#include "memory.h"
#include "wait.h"

#define TEXT(number) DIGITS(number)
#define DIGITS(number) #number

/* What Go and SQLite take, as measured (docs/hosts.md) and rounded up. */
#define DESCRIPTORS 12 /* 10 for the poller and a license */
#define THREADS 12     /* 9 to begin with, 10 under load */
#define FOR_ANOTHER 2  /* threads for each license more */
/* MB, of which Go reserves most at once and uses little. It must not be less: Go takes it for
 * granted that it gets all of it, and would go on at address 0. */
#define ADDRESS_SPACE 1280
#define DATA 128 /* MB of it that may be written to, besides the threads' stacks */

/* Of each thread of ours, whatever the host's default is: SQLite and Go's runtime take some
 * 100 KB. What the host's libraries keep for each thread (TLS) comes on top. */
enum { STACK = 1 << 20 };

enum { SMALL = 65536, TRIES = 200 };
enum { ADDRESS_SPACE_BYTES = ADDRESS_SPACE << 20, DATA_BYTES = DATA << 20 };

static const char lack_of_descriptors[] = "the process lacks file descriptors: " TEXT(
    DESCRIPTORS) " more are needed; raise the limit (ulimit -n)";
static const char lack_of_threads[] = "the process lacks threads: " TEXT(
    THREADS) " more are needed; raise the limit (ulimit -u, or that of the cgroup)";
static const char lack_of_more_threads[] = "the process lacks threads: " TEXT(
    FOR_ANOTHER) " more are needed for another license; raise the limit (ulimit -u, or that of the cgroup)";
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

const char *openlts_lack_of_threads(int licenses) {
  (void)licenses;
  return NULL;
}

#else

#include <link.h>
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

/* Threads in reserve. Go ends the process if it can't have a thread. So those it
 * needs to begin with are there before it starts, and wait here; and those that another
 * license needs, in which two may wait for the disk at a time, before that is opened. If Go
 * can't have more than those, it waits, and who waits for Go gives up in time. */
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
static int start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
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

/* Wait until they have ended: only then can others take their place. */
static void dismiss_threads(int n) {
  while (n-- > 0) {
    give_order(&reserves[n], LEAVE);
    while (atomic_load(&reserves[n].order) == LEAVE) {
      openlts_wait(&reserves[n].order, LEAVE, OPENLTS_NEVER);
    }
  }
}

/* What is lacking, of memory; NULL: nothing. */
static const char *lack_found(int found) {
  switch (found) {
    case OPENLTS_NO_SPACE:
      return lack_of_memory;
    case OPENLTS_NO_DATA:
      return lack_of_data;
    default:
      return NULL;
  }
}

/* Why a thread can't be had right now. The C library says the same (EAGAIN) of too many
 * threads and of too little space for a stack. */
static const char *lack_behind_thread(const char *otherwise) {
  const char *lack = lack_found(openlts_look_for_memory(stack_size() + SMALL, stack_size()));
  return lack == NULL ? otherwise : lack;
}

/* Sees to it that there are so many. One thread at a time calls it. */
static int reserve_threads(int many) {
  for (int n = atomic_load(&made); n < many; n++) {
    atomic_store(&reserves[n].order, STAND_BY);
    if (start_thread(&reserves[n].thread, stand_by, &reserves[n]) != 0) {
      return 0;
    }
    atomic_store(&made, n + 1);
  }
  return 1;
}

const char *openlts_lack_of_threads(int licenses) {
  static atomic_flag reserving = ATOMIC_FLAG_INIT;
  const char *lack = NULL;
  if (openlts_go_entry == NULL) {
    return NULL;
  }
  while (atomic_flag_test_and_set_explicit(&reserving, memory_order_acquire)) {
    openlts_let_others();
  }
  const int wanted = THREADS + FOR_ANOTHER * (licenses - 1) - atomic_load(&others);
  if (!reserve_threads(wanted < MOST_THREADS ? wanted : MOST_THREADS)) {
    lack = lack_behind_thread(lack_of_more_threads);
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
  (void)attributes; /* Go's are those of start_thread */
  for (;;) {
    int error = start_thread(thread, run, argument);
    if (error != EAGAIN && error != ENOMEM) {
      atomic_fetch_add(&others, error == 0);
      return error;
    }
    pause_briefly();
  }
}

/* What is lacking of the memory that Go takes when it starts, or NULL. */
static const char *lack_of_go(void) {
  void *volatile block = calloc(1, SMALL);
  const char *lack = block == NULL
                         ? lack_of_data
                         : lack_found(openlts_keep_memory(ADDRESS_SPACE_BYTES, DATA_BYTES));
  free(block);
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
  openlts_trim_memory();
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

/* A thread has from the one that starts it how it calculates, and when it runs. Programs
 * that have the processor report divisions by zero (feenableexcept, Fortran, Pascal), or run
 * threads before all others (SCHED_FIFO), don't mean ours: Go ends at such a report. */
static void forget_the_host(void) {
  const struct sched_param usual = {0};
  const int policy = sched_getscheduler(0);
  if (policy == SCHED_FIFO || policy == SCHED_RR) {
    sched_setscheduler(0, SCHED_OTHER, &usual);
  }
#if defined(__x86_64__)
  const unsigned sse = 0x1f80; /* as the ABI says that a process begins */
  __asm__ volatile("ldmxcsr %0\n\tfninit" ::"m"(sse));
#elif defined(__aarch64__)
  const unsigned long fpcr = 0;
  __asm__ volatile("msr fpcr, %0" ::"r"(fpcr));
#endif
}

/* In a thread of its own, of which Go's inherit everything. */
static void *start(void *nothing) {
  const char *lack = NULL;
  forget_the_host();
  take_own_descriptors();
  lack = lack_of_calls();
  if (lack == NULL) {
    lack = openlts_lack_of_descriptors();
  }
  if (lack == NULL) {
    lack = reserve_threads(THREADS) ? lack_of_go() : lack_behind_thread(lack_of_threads);
    if (lack != NULL) {
      dismiss_threads(atomic_exchange(&made, 0));
    }
  }
  if (lack == NULL) {
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
      atomic_store(&lacks, lack_behind_thread(lack_of_threads));
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
