/* Opens the license of a host. */
#ifndef OPENLTS_TEST_LICENSE_H
#define OPENLTS_TEST_LICENSE_H

#include <openlts/openlts.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the host if there is none. */
static LTS_License open_license(const char *url, const char *code, const char *directory,
                                int32_t slot_seconds) {
  LTS_ConnectionParameters p;
  LTS_License license = 0;
  char message[256] = "";
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = url;
  p.handshakeCode = code;
  p.dataDirectory = directory;
  p.slotSeconds = slot_seconds;
  if (LTS_InitLicenseFromLTS(&p, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    exit(1);
  }
  return license;
}

#endif /* OPENLTS_TEST_LICENSE_H */
