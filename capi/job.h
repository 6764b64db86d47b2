/* Jobs: how a thread of the host has Go do something.
 *
 * The host's thread never enters Go. It describes the job on the heap, puts it into a
 * queue, and waits here, in C, for as long as the function's documentation says. Workers
 * (work.go) take jobs from the queue, on Go's own threads.
 *
 * So no part of Go is ever on the stack of the host's thread: the thread may have a small
 * stack or a small signal stack, may be interrupted by any signal handler, and may be
 * cancelled. And whatever happens in Go, the host's thread continues: if a job is not
 * done in time, the thread leaves it to its worker, which then notices that nobody wants
 * the result any more, and cleans up. */
#ifndef OPENLTS_CAPI_JOB_H
#define OPENLTS_CAPI_JOB_H

#include "../include/openlts/openlts.h"
#include "wait.h"

enum openlts_kind {
  OPENLTS_OPEN,
  OPENLTS_DEFINE,
  OPENLTS_RECORD_AT,
  OPENLTS_SUBMIT,
  OPENLTS_POLL,
  OPENLTS_INFO,
  OPENLTS_DEVICE_UUID,
  OPENLTS_CLOSE,
  OPENLTS_MOVE_CLOCK, /* this and the following: only in the test build */
  OPENLTS_STEP_CLOCK,
  OPENLTS_OUTAGE
};

typedef struct openlts_job {
  /* Of the queue. */
  struct openlts_job *next;
  atomic_int state;

  /* What is asked. */
  int32_t kind;                        /* enum openlts_kind */
  int32_t timeout;                     /* milliseconds that Go may take */
  LTS_License license;                 /* of an opened one: the answer */
  LTS_ConnectionParameters parameters; /* with strings that follow the job */
  const char *key;                     /* NULL if there is none */
  const char *name;
  int32_t operation_type; /* if a name is given: the answer */
  int32_t count;
  int64_t time;

  /* What comes back. */
  int32_t status;
  char message[1024];
  char uuid[40];
  LTS_Event event;
  LTS_LicenseInfo info;
} openlts_job;

/* Makes a job, with room for so many bytes that follow it. NULL if there is no
 * memory. */
openlts_job *openlts_new_job(enum openlts_kind kind, size_t room);

void openlts_free_job(openlts_job *job);

/* Has a job done, and waits for it until that moment. Returns 1 if it is done: then the
 * caller has its answers, and frees it. Otherwise it belongs to the worker. */
int openlts_do(openlts_job *job, int64_t until);

/* Makes a worker prepare frames; see record.c. Returns at once. May be called in a signal
 * handler. */
void openlts_ask_to_prepare(void);

/* ------------------------------------------------------------- for the workers */

enum openlts_next {
  OPENLTS_NEXT_JOB,     /* *job is to be done */
  OPENLTS_NEXT_PREPARE, /* frames are to be prepared: openlts_next_unprepared */
  OPENLTS_NEXT_END      /* enough others wait: this one may end */
};

/* Waits for something to do. *alone: no other worker waits, so start another one before
 * this one works. */
enum openlts_next openlts_next(openlts_job **job, int *alone);

/* Says that a job is done. Returns 0 if nobody waits for it any more; then the worker
 * undoes what must be undone, and frees the job. */
int openlts_done(openlts_job *job);

#endif /* OPENLTS_CAPI_JOB_H */
