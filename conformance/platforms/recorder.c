/* Records operations, says so, and waits to be killed: what a host is that never gets to
 * close its license.
 *
 * usage: recorder URL HANDSHAKE-CODE DATA-DIRECTORY COUNT */
#include <openlts/openlts.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  LTS_ConnectionParameters parameters;
  LTS_License license;
  char message[256];
  if (argc != 5) {
    return 2;
  }
  LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
  parameters.mainServerURL = argv[1];
  parameters.handshakeCode = argv[2];
  parameters.dataDirectory = argv[3];
  int32_t status = LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message);
  for (int left = atoi(argv[4]); status == LTS_OK && left > 0; left--) {
    status = LTS_RecordOperation(license, LTS_OT_QR_CODE, 1);
  }
  puts(status == LTS_OK ? "recorded" : message);
  fflush(stdout);
  (void)getchar();
  return LTS_CloseLicense(license, 10000) == LTS_OK ? 0 : 1;
}
