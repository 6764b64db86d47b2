/* The queue of jobs, for the host's threads and for the workers. */
#include "job.h"

#include <stdlib.h>

#include "capi.h"
#include "start.h"

/* Who owns a job: the waiting thread, the same with the job done, or the worker. */
enum { WAITED_FOR, DONE, LEFT };

openlts_job *openlts_new_job(enum openlts_kind kind, size_t room) {
  openlts_job *job = calloc(1, sizeof *job + room); /* malloc has patience; see memory.c */
  if (job != NULL) {
    job->kind = kind;
    job->status = LTS_ERR_INTERNAL;
  }
  return job;
}

void openlts_free_job(openlts_job *job) { free(job); }

/* The jobs that were put in, the latest first; and those taken from there, in the order
 * in which they came. Putting a job in takes no lock, so that a thread of the host can be
 * interrupted at any instruction, even for good. Workers have a lock, which nobody else
 * ever takes. */
static _Atomic(openlts_job *) put_in;
static openlts_job *first;
static atomic_flag taking = ATOMIC_FLAG_INIT;

/* Changes whenever there is something to do; workers wait for that. */
static atomic_int calls;
static atomic_int to_prepare;

/* How many workers wait, or are about to look for a job. */
static atomic_int waiting;

/* So many workers stay, so that successive calls need no new one. */
enum { ENOUGH = 2 };

static void call_worker(void) {
  atomic_fetch_add(&calls, 1);
  openlts_wake(&calls);
}

int openlts_do(openlts_job *job, int64_t until) {
  atomic_store(&job->state, WAITED_FOR);
  openlts_job *before = atomic_load(&put_in);
  do {
    job->next = before;
  } while (!atomic_compare_exchange_weak(&put_in, &before, job));
  call_worker();
  while (atomic_load(&job->state) == WAITED_FOR && openlts_wait(&job->state, WAITED_FOR, until)) {
  }
  int found = WAITED_FOR;
  return !atomic_compare_exchange_strong(&job->state, &found, LEFT);
}

int openlts_done(openlts_job *job) {
  int found = WAITED_FOR;
  if (!atomic_compare_exchange_strong(&job->state, &found, DONE)) {
    return 0;
  }
  /* The thread that waited may have freed the job already; waking needs only its address. */
  openlts_wake(&job->state);
  return 1;
}

void openlts_ask_to_prepare(void) {
  atomic_store(&to_prepare, 1);
  call_worker();
}

/* The job that has waited longest. */
static openlts_job *take(void) {
  while (atomic_flag_test_and_set_explicit(&taking, memory_order_acquire)) {
    openlts_let_others();
  }
  if (first == NULL) {
    openlts_job *latest = atomic_exchange(&put_in, NULL);
    while (latest != NULL) {
      openlts_job *before = latest->next;
      latest->next = first;
      first = latest;
      latest = before;
    }
  }
  openlts_job *job = first;
  if (job != NULL) {
    first = job->next;
  }
  atomic_flag_clear_explicit(&taking, memory_order_release);
  return job;
}

enum openlts_next openlts_next(openlts_job **job, int *alone) {
  openlts_started();
  *alone = 0;
  /* Never count a worker that is about to end, not even for a moment: others would rely on it
   * and end as well, or start none when they stop waiting, until none is left. */
  int others = atomic_load(&waiting);
  do {
    if (others >= ENOUGH) {
      return OPENLTS_NEXT_END;
    }
  } while (!atomic_compare_exchange_weak(&waiting, &others, others + 1));
  for (;;) {
    int seen = atomic_load(&calls);
    *job = take();
    if (*job != NULL || atomic_exchange(&to_prepare, 0)) {
      break;
    }
    openlts_wait(&calls, seen, OPENLTS_NEVER);
  }
  /* The last one that waited has a new one started. */
  *alone = atomic_fetch_sub(&waiting, 1) == 1;
  return *job != NULL ? OPENLTS_NEXT_JOB : OPENLTS_NEXT_PREPARE;
}
