/* OpenLTS test kit: simulated time and outages, for vendors who test their SDK.
 *
 * Thirty days of slots, an outage or a start without the server take seconds.
 * These functions are only in the test build of the library, libopenlts-testkit
 * (build/library --testkit), which is otherwise the same as the real one. Link
 * your tests with it instead, and never ship it: whoever can move the clock can
 * evade the rules.
 *
 * They apply to the calling process with all its licenses. You may call them from
 * any thread, and none of them blocks. In a forked process they change nothing and
 * return LTS_ERR_FORKED.
 *
 * The server has its own clock. It counts slots of any time, and notes slots in its
 * future as an anomaly of the device. */
#ifndef OPENLTS_TESTKIT_H
#define OPENLTS_TESTKIT_H

#include "openlts.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lets so many seconds pass at once, by the library's clock. A negative number sets
 * the clock back instead, because time does not pass backwards. Time then goes on.
 * What becomes due (the end of a slot, a submission, giving up reports after 30
 * days) is done in the background, as after a sleep of the machine, or at the next
 * regular occasion if the library is busy. LTS_SubmitReports and LTS_CloseLicense
 * do it at once.
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitMoveClock(int64_t seconds);

/* Sets the library's clock, like a user who corrects it: forward by so many seconds,
 * or backwards if negative. No time passes. A step of a day or more means that the
 * clock was wrong, or will be: what was recorded by a wrong clock and not submitted
 * moves to the right time once the clock is right by the server's clock. For the
 * rest, see LTS_TestkitMoveClock.
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitStepClock(int64_t seconds);

/* Cuts the library off from every server (on is 1), or ends that (0).
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitOutage(int32_t on);

#ifdef __cplusplus
}
#endif

#endif /* OPENLTS_TESTKIT_H */
