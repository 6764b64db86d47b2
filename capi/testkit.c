/* The test build's functions; see include/openlts/testkit.h. */
#ifdef OPENLTS_TESTKIT

#include "../include/openlts/testkit.h"

#include "_cgo_export.h"
#include "capi.h"

int32_t LTS_CALL LTS_TestkitMoveClock(int64_t seconds) {
  if (openlts_forked()) {
    return LTS_ERR_FORKED;
  }
  openlts_go_move_clock(seconds);
  /* The hot path last: by then Go can prepare frames for the new time. */
  openlts_move_clock(seconds);
  return LTS_OK;
}

int32_t LTS_CALL LTS_TestkitOutage(int32_t on) {
  if (openlts_forked()) {
    return LTS_ERR_FORKED;
  }
  openlts_go_outage(on);
  return LTS_OK;
}

#else

/* ISO C wants something in every file. */
typedef int openlts_no_testkit;

#endif
