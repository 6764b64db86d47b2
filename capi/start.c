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
#include "needs.h"
#include "threads.h"
#include "wait.h"

enum { SMALL = 65536 };
enum { ADDRESS_SPACE_BYTES = ADDRESS_SPACE << 20, DATA_BYTES = DATA << 20 };

/* How far the start has come. */
enum { NOT_STARTED, STARTING, STARTED };
static atomic_int stage;
static pid_t started_by;

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

/* What the last start lacked. */
static _Atomic(const char *) lacks;

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
  const char *lack = tried[n - 1] < 0 ? LACK_OF_DESCRIPTORS : NULL;
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
    refused = errno == EMFILE || errno == ENFILE ? LACK_OF_DESCRIPTORS
                                                 : REFUSED("epoll_create1 and eventfd2");
  } else if (epoll_ctl(poller, EPOLL_CTL_ADD, wake, &event) != 0) {
    refused = errno == ENOSPC || errno == ENOMEM ? LACK_OF_DATA : REFUSED("epoll_ctl");
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

/* ---------------------------------------------------------------- memory and threads */

/* What is lacking of the memory that Go takes when it starts, or NULL. */
static const char *lack_of_go(void) {
  void *volatile block = calloc(1, SMALL);
  const char *lack =
      block == NULL ? LACK_OF_DATA
                    : openlts_lack_of_memory(openlts_keep_memory(ADDRESS_SPACE_BYTES, DATA_BYTES));
  free(block);
  return lack;
}

const char *openlts_lack_of_threads(int licenses) {
  return openlts_go_entry == NULL ? NULL : openlts_reserve_threads(licenses);
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
    lack = openlts_reserve_first_threads();
  }
  if (lack == NULL) {
    lack = lack_of_go();
    if (lack != NULL) {
      openlts_dismiss_threads();
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
    atomic_store(&lacks, LACK_OF_THREADS);
    if (openlts_start_thread(&thread, start, NULL) != 0) {
      atomic_store(&lacks, openlts_lack_behind_thread());
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
