/* Thirty days and an outage in a second, by the test build of the library.
 *
 * usage: testkit_host SERVER_URL HANDSHAKE_CODE DATA_DIRECTORY */
#include <openlts/testkit.h>
#include <stdio.h>

#include "expect.h"
#include "license.h"

enum { SLOT = 180, DAY = 24 * 60 * 60 };

static LTS_LicenseInfo info_of(LTS_License license) {
  LTS_LicenseInfo info;
  info.structSize = sizeof info;
  EXPECT(LTS_GetLicenseInfo(license, &info) == LTS_OK);
  EXPECT(info.recorded == info.accepted + info.pending + info.lost);
  return info;
}

int main(int count, char **arguments) {
  if (count != 4) {
    return 1;
  }
  LTS_License license = open_license(arguments[1], arguments[2], arguments[3], SLOT);

  /* Each slot gets what was recorded in it, without waiting for one to end. */
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 1) == LTS_OK);
  EXPECT(LTS_TestkitMoveClock(SLOT) == LTS_OK);
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 2) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) == LTS_OK);
  EXPECT(info_of(license).accepted == 3);

  /* An offline device whose clock shows another year, and which then learns the time: what it
   * recorded meanwhile counts in its own time, and is not too old. */
  EXPECT(LTS_TestkitOutage(1) == LTS_OK);
  EXPECT(LTS_TestkitStepClock(-(int64_t)400 * DAY) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) == LTS_OK); /* nothing is left */
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 32) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) != LTS_OK);
  EXPECT(LTS_TestkitStepClock((int64_t)400 * DAY) == LTS_OK);
  EXPECT(LTS_TestkitOutage(0) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) == LTS_OK);
  EXPECT(info_of(license).accepted == 35);
  EXPECT(info_of(license).lost == 0);

  /* An outage: nothing is submitted, nothing is lost. */
  EXPECT(LTS_TestkitOutage(1) == LTS_OK);
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 4) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) != LTS_OK);
  EXPECT(info_of(license).pending == 4);

  /* It goes on for 31 days: what is older than 30 is declared lost. */
  EXPECT(LTS_TestkitMoveClock((int64_t)30 * DAY) == LTS_OK);
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 8) == LTS_OK);
  EXPECT(LTS_TestkitMoveClock(DAY) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) != LTS_OK);
  EXPECT(info_of(license).lostExpired == 4);

  EXPECT(LTS_TestkitOutage(0) == LTS_OK);
  EXPECT(LTS_SubmitReports(license, 10000) == LTS_OK);
  EXPECT(info_of(license).accepted == 43);
  EXPECT(info_of(license).lost == 4);
  EXPECT((info_of(license).stateFlags & LTS_STATE_USAGE_LOST) != 0);

  /* If the clock goes back, operations count in the slots it shows. */
  EXPECT(LTS_TestkitMoveClock(-10 * DAY) == LTS_OK);
  EXPECT(LTS_RecordOperation(license, LTS_OT_QR_CODE, 16) == LTS_OK);
  EXPECT(LTS_CloseLicense(license, 10000) == LTS_OK);
  return failures();
}
