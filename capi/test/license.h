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

/* Asks for the client UUID, and again while the machine is too busy to answer in time. */
static inline int32_t ask_for_uuid(const char *directory) {
  LTS_ConnectionParameters p;
  char uuid[37];
  int32_t status = LTS_OK;
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.dataDirectory = directory;
  do {
    status = LTS_GetDeviceUUID(&p, uuid, sizeof uuid);
  } while (status == LTS_ERR_DEADLINE_EXCEEDED);
  return status;
}

#endif /* OPENLTS_TEST_LICENSE_H */
