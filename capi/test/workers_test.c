/* However workers are interrupted, one is left for whoever calls next. The queue of jobs is
 * compiled in here, with pauses before it changes what other threads see. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local unsigned random_state;

/* Lets others go first, now and then. */
static void pause_sometimes(void) {
  random_state = random_state * 1664525u + 1013904223u;
  for (unsigned i = random_state >> 28; i > 11; i--) {
    sched_yield();
  }
}

#undef atomic_fetch_add
#undef atomic_fetch_sub
#define atomic_fetch_add(word, n) \
  (pause_sometimes(), atomic_fetch_add_explicit(word, n, memory_order_seq_cst))
#define atomic_fetch_sub(word, n) \
  (pause_sometimes(), atomic_fetch_sub_explicit(word, n, memory_order_seq_cst))

#include "../job.c"
#include "../wait.c"

enum { CALLERS = 4, CALLS = 20000, PATIENCE_MILLISECONDS = 20000, STACK = 1 << 18 };

void openlts_started(void) {}

void openlts_let_others(void) { sched_yield(); }

static void start_worker(void);

/* As capi/work.go does it. */
static void *work(void *seed) {
  random_state = (unsigned)(size_t)seed;
  for (;;) {
    openlts_job *job;
    int alone;
    enum openlts_next next = openlts_next(&job, &alone);
    if (alone) {
      start_worker();
    }
    if (next == OPENLTS_NEXT_END) {
      return NULL;
    }
    if (next == OPENLTS_NEXT_JOB && !openlts_done(job)) {
      openlts_free_job(job);
    }
  }
}

static void start_worker(void) {
  static atomic_uint started;
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK);
  size_t seed = atomic_fetch_add(&started, 1) * 2654435761u;
  if (pthread_create(&thread, &attributes, work, (void *)seed) != 0) {
    perror("starting a worker");
    exit(1);
  }
  pthread_attr_destroy(&attributes);
}

static void *call(void *seed) {
  random_state = (unsigned)(size_t)seed;
  for (int i = 0; i < CALLS; i++) {
    openlts_job *job = openlts_new_job(OPENLTS_INFO, 0);
    if (job == NULL) {
      perror("a job");
      exit(1);
    }
    if (i % 3 == 0) {
      openlts_ask_to_prepare();
    }
    if (!openlts_do(job, openlts_milliseconds() + PATIENCE_MILLISECONDS)) {
      fprintf(stderr, "call %d waits in vain: %d workers wait\n", i, atomic_load(&waiting));
      exit(1);
    }
    openlts_free_job(job);
  }
  return NULL;
}

int main(void) {
  pthread_t callers[CALLERS];
  start_worker();
  for (size_t i = 0; i < CALLERS; i++) {
    if (pthread_create(&callers[i], NULL, call, (void *)(i + 1)) != 0) {
      perror("starting a caller");
      return 1;
    }
  }
  for (int i = 0; i < CALLERS; i++) {
    pthread_join(callers[i], NULL);
  }
  return 0;
}
