/* openlts.h alone, under the strictest settings of C and C++ of every age. */
#include "openlts/openlts.h"

int32_t use(void);

int32_t use(void) {
  LTS_ConnectionParameters parameters;
  LTS_License license = 0;
  int32_t status = LTS_InitLTSConnectionParameters(&parameters, (uint32_t)sizeof parameters);
  parameters.handshakeCode = LTS_VERSION;
  parameters.chargeWay = LTS_CW_SCAN_COUNT;
  if (status == LTS_OK) {
    status = LTS_InitLicenseFromLTS(&parameters, &license, (char *)0, 0);
  }
  return status == LTS_OK ? LTS_RecordOperation(license, LTS_OT_QR_CODE, 1) : status;
}
