/* Jobs: how a thread of the host has Go do something.
 *
 * The host's thread never enters Go. It writes down what it wants on the heap, puts
 * it into a queue, and waits here, in C, for as long as the function's documentation
 * says. Workers (work.go), on threads of Go's own, take jobs from the queue.
 *
 * So whatever becomes of the host's thread, no part of Go is on its stack: it may
 * have a small stack or a small signal stack, be interrupted by any signal handler,
 * be told to end. And whatever becomes of Go, the host's thread goes on: a job that
 * is not done in time is left to its worker, who then finds out that nobody wants
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
  OPENLTS_MOVE_CLOCK, /* of the test build, as what follows */
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
  int32_t operation_type; /* asked for by its name: the answer */
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

/* Has a job done, and waits for it until that moment. Returns 1 if it is done: its
 * answers are there, and the caller frees it. Otherwise it belongs to the worker. */
int openlts_do(openlts_job *job, int64_t until);

/* Lets a worker prepare frames for a license; see record.c. Returns at once. May be
 * called in a signal handler. */
void openlts_ask_to_prepare(void);

/* ------------------------------------------------------------- for the workers */

enum openlts_next {
  OPENLTS_NEXT_JOB,     /* *job is to be done */
  OPENLTS_NEXT_PREPARE, /* frames are to be prepared: openlts_next_unprepared */
  OPENLTS_NEXT_END      /* enough others wait: this one may end */
};

/* Waits for something to do. *alone: nobody else waits, so another worker has to
 * before this one goes to work. */
enum openlts_next openlts_next(openlts_job **job, int *alone);

/* Says that a job is done. Returns 0 if nobody waits for it any more; then the worker
 * undoes what must be undone, and frees it. */
int openlts_done(openlts_job *job);

#endif /* OPENLTS_CAPI_JOB_H */
