/* OpenLTS test kit: simulated time and outages, for vendors who test their SDK.
 *
 * Thirty days of slots, an outage, a start without the server: in seconds. These
 * functions are only in the test build of the library, libopenlts-testkit
 * (build/library --testkit), which is otherwise the same as the real one. Link
 * your tests with it instead, and never ship it: whoever can move the clock can
 * avoid the rules.
 *
 * They concern the calling process, all its licenses, and may be called from any
 * thread. None of them blocks. In a forked process they change nothing and
 * answer LTS_ERR_FORKED.
 *
 * The server's clock is its own. It counts slots of any time, and notes those
 * that lie in its future as an anomaly of the device. */
#ifndef OPENLTS_TESTKIT_H
#define OPENLTS_TESTKIT_H

#include "openlts.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Moves the clock the library goes by, by so many seconds: they pass at once.
 * Backwards if negative, which sets the clock back; time does not pass backwards.
 * Time goes on from there. What falls due by the move (the end of a
 * slot, a submission, the purge after 30 days) is done in the background, as
 * after a sleep of the machine, and at the next regular occasion if the library
 * is busy just then. LTS_SubmitReports and LTS_CloseLicense do it at once.
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitMoveClock(int64_t seconds);

/* Sets the clock the library goes by, as somebody does who corrects it: forward by
 * so many seconds, backwards if negative. No time passes. A step of a day or more
 * is one of a clock that was, or will be, wrong: what was recorded by a wrong clock
 * and not submitted moves to its own time once the clock is right again, by the
 * server's. Otherwise as LTS_TestkitMoveClock.
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitStepClock(int64_t seconds);

/* Cuts the library off from every server (on is 1), or ends that (0).
 * Returns LTS_OK, LTS_ERR_FORKED. */
LTS_API int32_t LTS_CALL LTS_TestkitOutage(int32_t on);

#ifdef __cplusplus
}
#endif

#endif /* OPENLTS_TESTKIT_H */
