/* The test build's functions; see include/openlts/testkit.h. */
#ifdef OPENLTS_TESTKIT

#include "../include/openlts/testkit.h"

#include "capi.h"
#include "job.h"
#include "start.h"

static int32_t ask(enum openlts_kind kind, int64_t seconds, int32_t on) {
  const int64_t until = openlts_milliseconds() + 10000;
  const char *why = NULL;
  int32_t status = openlts_start(until, &why);
  openlts_job *job = status == LTS_OK ? openlts_new_job(kind, 0) : NULL;
  if (job == NULL) {
    return status == LTS_OK ? LTS_ERR_HOST_RESOURCES : status;
  }
  job->time = seconds;
  job->count = on;
  if (!openlts_do(job, until)) {
    return LTS_ERR_DEADLINE_EXCEEDED;
  }
  status = job->status;
  openlts_free_job(job);
  return status;
}

static int32_t change_clock(enum openlts_kind kind, int64_t seconds) {
  int32_t status = ask(kind, seconds, 0);
  if (status == LTS_OK) {
    /* Move the hot path's clock last, when Go can prepare frames for the new time. */
    openlts_move_clock(seconds);
  }
  return status;
}

int32_t LTS_CALL LTS_TestkitMoveClock(int64_t seconds) {
  return change_clock(OPENLTS_MOVE_CLOCK, seconds);
}

int32_t LTS_CALL LTS_TestkitStepClock(int64_t seconds) {
  return change_clock(OPENLTS_STEP_CLOCK, seconds);
}

int32_t LTS_CALL LTS_TestkitOutage(int32_t on) { return ask(OPENLTS_OUTAGE, 0, on); }

#else

/* ISO C wants something in every file. */
typedef int openlts_no_testkit;

#endif
