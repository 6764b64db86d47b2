/* Abuses every function of the C ABI: each call must come back with a code.
 *
 * usage: robustness URL HANDSHAKE-CODE DATA-DIRECTORY
 * Records exactly 1 operation. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "expect.h"
#include "openlts/openlts.h"

static const char *url, *code, *directory;

static LTS_ConnectionParameters good_parameters(void) {
  LTS_ConnectionParameters p;
  EXPECT_IS(LTS_OK, LTS_InitLTSConnectionParameters(&p, sizeof p));
  p.mainServerURL = url;
  p.handshakeCode = code;
  p.dataDirectory = directory;
  return p;
}

static LTS_License open_license(void) {
  LTS_ConnectionParameters p = good_parameters();
  LTS_License license = 0;
  char message[256];
  EXPECT_IS(LTS_OK, LTS_InitLicenseFromLTS(&p, &license, message, sizeof message));
  if (license == 0) {
    fprintf(stderr, "%s\n", message);
    exit(1);
  }
  EXPECT(message[0] == '\0');
  return license;
}

static void texts(void) {
  int32_t statuses[] = {0, 1, -1, INT32_MAX, INT32_MIN, -20000, -20999};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    EXPECT(LTS_StatusName(statuses[i])[0] != '\0');
    EXPECT(LTS_StatusMessage(statuses[i])[0] != '\0');
  }
  EXPECT_IS(0, strcmp(LTS_Version(), LTS_VERSION));
  EXPECT_IS(LTS_ABI_VERSION, LTS_ABIVersion());
}

static void parameters(void) {
  /* The guard bytes behind the struct stay as they are. */
  struct {
    LTS_ConnectionParameters parameters;
    unsigned char guard[64];
  } p;
  memset(&p, 0xAA, sizeof p);
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLTSConnectionParameters(NULL, sizeof p.parameters));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLTSConnectionParameters(NULL, 0));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLTSConnectionParameters(&p.parameters, 0));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLTSConnectionParameters(&p.parameters, 4));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT,
            LTS_InitLTSConnectionParameters(&p.parameters, sizeof p.parameters - 8));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLTSConnectionParameters(&p.parameters, UINT32_MAX));
  EXPECT_IS(0xAA, *(unsigned char *)&p);
  EXPECT_IS(LTS_OK, LTS_InitLTSConnectionParameters(&p.parameters, sizeof p.parameters));
  EXPECT_IS(sizeof p.parameters, p.parameters.structSize);
  for (size_t i = 0; i < sizeof p.guard; i++) {
    EXPECT_IS(0xAA, p.guard[i]);
  }
  /* A program of a later version has a larger struct. */
  EXPECT_IS(LTS_OK, LTS_InitLTSConnectionParameters(&p.parameters, sizeof p));
  EXPECT_IS(sizeof p, p.parameters.structSize);
  EXPECT_IS(0, p.guard[63]);
}

/* Opens with parameters that must be refused with LTS_ERR_INVALID_ARGUMENT (or
 * another status), and looks at what came back. */
static void refused(const LTS_ConnectionParameters *p, int32_t status) {
  LTS_License license = 77;
  char message[256];
  memset(message, 'x', sizeof message);
  EXPECT_IS(status, LTS_InitLicenseFromLTS(p, &license, message, sizeof message));
  EXPECT_IS(0, license);
  EXPECT(memchr(message, '\0', sizeof message) != NULL && message[0] != '\0');

  license = 77;
  EXPECT_IS(status, LTS_InitLicenseFromLTS(p, &license, NULL, 0));
  EXPECT_IS(0, license);
}

static void opening(void) {
  LTS_ConnectionParameters p = good_parameters();
  LTS_License license = 77;
  char message[256];
  static char endless[1 << 20];
  memset(endless, 'a', sizeof endless - 1);

  refused(NULL, LTS_ERR_INVALID_ARGUMENT);
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLicenseFromLTS(&p, NULL, message, sizeof message));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLicenseFromLTS(NULL, NULL, NULL, 0));

  uint32_t sizes[] = {0, 1, 8, sizeof p - 8, UINT32_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    p = good_parameters();
    p.structSize = sizes[i];
    refused(&p, LTS_ERR_INVALID_ARGUMENT);
  }

  /* Message buffers of every awkward size, with a guard behind them. */
  int32_t lengths[] = {INT32_MIN, -1, 0, 1, 2, 36, 37};
  p = good_parameters();
  p.mainServerURL = "ftp://nowhere";
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    int32_t length = lengths[i];
    memset(message, 'x', sizeof message);
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLicenseFromLTS(&p, &license, message, length));
    EXPECT_IS('x', message[length > 0 ? length : 0]);
    EXPECT(length <= 0 || memchr(message, '\0', (size_t)length) != NULL);
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLicenseFromLTS(&p, &license, NULL, length));
  }

  /* Texts that are too long, not UTF-8, or not what they should be. */
  const char *bad_texts[] = {endless, "\xff\xfe", "caf\xe9", "\xed\xa0\x80"};
  for (size_t i = 0; i < sizeof bad_texts / sizeof *bad_texts; i++) {
    size_t fields[] = {
        /* generated: texts */
        offsetof(LTS_ConnectionParameters, mainServerURL),
        offsetof(LTS_ConnectionParameters, standbyServerURL),
        offsetof(LTS_ConnectionParameters, handshakeCode),
        offsetof(LTS_ConnectionParameters, sessionPassword),
        offsetof(LTS_ConnectionParameters, organizationID),
        offsetof(LTS_ConnectionParameters, productVersion),
        offsetof(LTS_ConnectionParameters, edition),
        offsetof(LTS_ConnectionParameters, validationField),
        offsetof(LTS_ConnectionParameters, deviceFriendlyName),
        offsetof(LTS_ConnectionParameters, deviceUUID),
        offsetof(LTS_ConnectionParameters, serverPublicKey),
        offsetof(LTS_ConnectionParameters, caFile),
        offsetof(LTS_ConnectionParameters, proxyURL),
        offsetof(LTS_ConnectionParameters, dataDirectory),
        /* generated: end */
    };
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
      p = good_parameters();
      memcpy((char *)&p + fields[f], &bad_texts[i], sizeof bad_texts[i]);
      refused(&p, LTS_ERR_INVALID_ARGUMENT);
    }
  }
  const char *bad_urls[] = {"",
                            "nowhere",
                            "http://",
                            "://",
                            "http://[",
                            "http://a b/",
                            "file:///etc/passwd",
                            "http://user:secret@host/",
                            "http://host:99999999/",
                            "http://host/?a=b"};
  for (size_t i = 0; i < sizeof bad_urls / sizeof *bad_urls; i++) {
    p = good_parameters();
    p.mainServerURL = bad_urls[i];
    refused(&p, LTS_ERR_INVALID_ARGUMENT);
  }
  const char *bad_uuids[] = {"x", "00000000-0000-0000-0000-00000000000",
                             "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"};
  for (size_t i = 0; i < sizeof bad_uuids / sizeof *bad_uuids; i++) {
    p = good_parameters();
    p.deviceUUID = bad_uuids[i];
    refused(&p, LTS_ERR_INVALID_ARGUMENT);
  }
  p = good_parameters();
  p.handshakeCode = NULL;
  refused(&p, LTS_ERR_NO_LICENSE);

  /* Numbers. */
  int32_t module = LTS_LM_ONED;
  p = good_parameters();
  p.limitedLicenseModulesCount = 1;
  refused(&p, LTS_ERR_INVALID_ARGUMENT);
  p.limitedLicenseModules = &module;
  p.limitedLicenseModulesCount = -1;
  refused(&p, LTS_ERR_INVALID_ARGUMENT);
  p.limitedLicenseModulesCount = INT32_MAX;
  refused(&p, LTS_ERR_INVALID_ARGUMENT);
  module = 64;
  p.limitedLicenseModulesCount = 1;
  refused(&p, LTS_ERR_INVALID_ARGUMENT);
  size_t numbers[] = {
      offsetof(LTS_ConnectionParameters, deploymentType),
      offsetof(LTS_ConnectionParameters, chargeWay),
      offsetof(LTS_ConnectionParameters, UUIDGenerationMethod),
      offsetof(LTS_ConnectionParameters, maxBufferDays),
      offsetof(LTS_ConnectionParameters, maxConcurrentInstanceCount),
      offsetof(LTS_ConnectionParameters, resubmit),
      offsetof(LTS_ConnectionParameters, slotSeconds),
      offsetof(LTS_ConnectionParameters, initTimeoutMilliseconds),
      offsetof(LTS_ConnectionParameters, requestTimeoutMilliseconds),
  };
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    int32_t value = INT32_MIN;
    p = good_parameters();
    memcpy((char *)&p + numbers[n], &value, sizeof value);
    refused(&p, LTS_ERR_INVALID_ARGUMENT);
  }
  int32_t slots[] = {0, 7, 181, 86401, INT32_MAX};
  for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
    p = good_parameters();
    p.slotSeconds = slots[i];
    refused(&p, LTS_ERR_INVALID_ARGUMENT);
  }

  /* License keys. */
  const char *keys[] = {NULL,           "",         "LTS1",   "LTS1!!!!", "LTS1e30",
                        "LTS1bnVsbA==", "LTS1W10=", "LTS1ey", "\xff",     endless};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    license = 77;
    memset(message, 'x', sizeof message);
    EXPECT(LTS_InitLicense(keys[i], NULL, &license, message, sizeof message) < 0);
    EXPECT_IS(0, license);
    EXPECT(memchr(message, '\0', sizeof message) != NULL && message[0] != '\0');
    EXPECT(LTS_InitLicense(keys[i], NULL, &license, NULL, 0) < 0);
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_InitLicense(keys[i], NULL, NULL, NULL, 0));
  }
}

static void device_uuid(void) {
  LTS_ConnectionParameters p = good_parameters();
  char uuid[64];
  int32_t lengths[] = {1, 2, 36};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memset(uuid, 'x', sizeof uuid);
    EXPECT_IS(LTS_ERR_BUFFER_TOO_SMALL, LTS_GetDeviceUUID(&p, uuid, lengths[i]));
    EXPECT(memchr(uuid, '\0', (size_t)lengths[i]) != NULL);
    EXPECT_IS('x', uuid[lengths[i]]);
  }
  memset(uuid, 'x', sizeof uuid);
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(&p, uuid, 0));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(&p, uuid, -1));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(&p, uuid, INT32_MIN));
  EXPECT_IS('x', uuid[0]);
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(&p, NULL, 37));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(NULL, NULL, 0));
  EXPECT_IS(LTS_OK, LTS_GetDeviceUUID(&p, uuid, 37));
  EXPECT_IS(36, strlen(uuid));
  EXPECT_IS('x', uuid[37]);
  p.structSize = 3;
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetDeviceUUID(&p, uuid, sizeof uuid));
  EXPECT_IS(0, uuid[0]);
}

/* Every function that takes a handle, with one that is not valid. */
static void invalid_handle(LTS_License license) {
  int32_t status = license == 0 ? LTS_ERR_NO_LICENSE : LTS_ERR_INVALID_HANDLE;
  LTS_LicenseInfo info;
  LTS_Event event;
  int32_t type = 5;
  memset(&info, 0, sizeof info);
  memset(&event, 0, sizeof event);
  info.structSize = sizeof info;
  event.structSize = sizeof event;
  EXPECT_IS(status, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));
  EXPECT_IS(status, LTS_RecordOperation(license, -1, -1));
  EXPECT_IS(status, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_DefineOperationType(license, "MRZ", &type));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_DefineOperationType(license, NULL, NULL));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_SubmitReports(license, 1000));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_PollEvent(license, &event, 1000));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_PollEvent(license, NULL, INT32_MAX));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_GetLicenseInfo(license, &info));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_GetLicenseInfo(license, NULL));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_CloseLicense(license, 1000));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_CloseLicense(license, -1));
  EXPECT_IS(5, type);
}

static void invalid_handles(LTS_License open) {
  const LTS_License handles[] = {0,     -1,        1,        63,        64,
                                 4711,  open + 1,  open - 1, open + 64, open | INT64_C(1) << 40,
                                 -open, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
    invalid_handle(handles[i]);
  }
  /* What a free place holds is a handle of no license, whichever place it is. */
  for (LTS_License place = 0; place < 64; place++) {
    EXPECT_IS(place == 0 ? LTS_ERR_NO_LICENSE : LTS_ERR_INVALID_HANDLE,
              LTS_RecordOperation(place, LTS_OT_QR_CODE, 1));
  }
}

static void open_handle(LTS_License license) {
  struct {
    LTS_LicenseInfo info;
    unsigned char guard[64];
  } i;
  struct {
    LTS_Event event;
    unsigned char guard[64];
  } e;
  int32_t type = 5;
  char name[80];

  int32_t counts[] = {-1, INT32_MIN};
  for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_RecordOperation(license, LTS_OT_QR_CODE, counts[n]));
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT,
              LTS_RecordOperationAt(license, LTS_OT_QR_CODE, counts[n], time(NULL)));
  }
  int32_t types[] = {-1, INT32_MIN, 127, 128, 255, 256, INT32_MAX};
  for (size_t n = 0; n < sizeof types / sizeof *types; n++) {
    EXPECT_IS(LTS_ERR_UNKNOWN_OPERATION_TYPE, LTS_RecordOperation(license, types[n], 1));
    EXPECT_IS(LTS_ERR_UNKNOWN_OPERATION_TYPE,
              LTS_RecordOperationAt(license, types[n], 1, time(NULL)));
  }
  int64_t times[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
  for (size_t n = 0; n < sizeof times / sizeof *times; n++) {
    EXPECT_IS(LTS_ERR_TIME_OUT_OF_RANGE,
              LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, times[n]));
  }

  const char *names[] = {NULL, "", "mrz", "1MRZ", "_MRZ", "M R Z", "MRZ\n", "\xff", "caf\xc3\xa9"};
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_DefineOperationType(license, names[n], &type));
  }
  memset(name, 'A', sizeof name - 1);
  name[65] = '\0';
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_DefineOperationType(license, name, &type));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_DefineOperationType(license, "MRZ", NULL));
  EXPECT_IS(5, type);
  /* 128 fit, of which the longest name is one. */
  name[64] = '\0';
  EXPECT_IS(LTS_OK, LTS_DefineOperationType(license, name, &type));
  for (int n = 1; n < 128; n++) {
    snprintf(name, sizeof name, "TYPE_%d", n);
    EXPECT_IS(LTS_OK, LTS_DefineOperationType(license, name, &type));
    EXPECT_IS(128 + n, type);
  }
  EXPECT_IS(LTS_ERR_TOO_MANY, LTS_DefineOperationType(license, "ONE_MORE", &type));
  EXPECT_IS(LTS_OK, LTS_DefineOperationType(license, "TYPE_7", &type));
  EXPECT_IS(135, type);

  uint32_t sizes[] = {0, 1, 8, UINT32_MAX};
  for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
    i.info.structSize = sizes[n];
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetLicenseInfo(license, &i.info));
    e.event.structSize = sizes[n];
    EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_PollEvent(license, &e.event, 0));
  }
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_GetLicenseInfo(license, NULL));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_PollEvent(license, NULL, 0));
  memset(&i, 0xAA, sizeof i);
  i.info.structSize = sizeof i.info;
  EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &i.info));
  EXPECT_IS(sizeof i.info, i.info.structSize);
  EXPECT_IS(0xAA, i.guard[0]);
  i.info.structSize = sizeof i; /* a program of a later version */
  EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &i.info));
  EXPECT_IS(sizeof i, i.info.structSize);

  memset(&e, 0xAA, sizeof e);
  e.event.structSize = sizeof e.event;
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_PollEvent(license, &e.event, -1));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_PollEvent(license, &e.event, INT32_MIN));
  EXPECT(LTS_PollEvent(license, &e.event, 0) >= 0);
  EXPECT_IS(0xAA, e.guard[0]);

  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_SubmitReports(license, -1));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_SubmitReports(license, INT32_MIN));
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, INT32_MAX));
}

/* 64 licenses fit. Closing makes room for more. */
/* Closes a license without the network, and with no time. What the first license recorded is
 * pending if its slot has ended meanwhile: all licenses of an account share it. On a busy
 * machine, the rest is done in the background. */
static void close_at_once(LTS_License license) {
  const int32_t status = LTS_CloseLicense(license, 0);
  if (status != LTS_ERR_REPORTS_PENDING && status != LTS_ERR_DEADLINE_EXCEEDED) {
    EXPECT_IS(LTS_OK, status);
  }
}

static void too_many(LTS_License first) {
  LTS_ConnectionParameters p = good_parameters();
  LTS_License licenses[64] = {first};
  LTS_License license = 77;
  char message[256];
  for (int n = 1; n < 64; n++) {
    licenses[n] = open_license();
  }
  EXPECT_IS(LTS_ERR_TOO_MANY, LTS_InitLicenseFromLTS(&p, &license, message, sizeof message));
  EXPECT_IS(0, license);
  EXPECT(message[0] != '\0');
  for (int n = 1; n < 64; n++) {
    close_at_once(licenses[n]);
    EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_RecordOperation(licenses[n], LTS_OT_QR_CODE, 1));
  }
  license = open_license();
  for (int n = 0; n < 64; n++) {
    EXPECT(license != licenses[n]);
  }
  close_at_once(license);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    return 2;
  }
  url = argv[1];
  code = argv[2];
  directory = argv[3];

  /* Before any license was ever opened: the wrong order. */
  invalid_handles(4711);
  texts();
  parameters();
  opening();
  device_uuid();

  LTS_License license = open_license();
  invalid_handles(license);
  open_handle(license);
  too_many(license);
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_CloseLicense(license, -1));
  EXPECT_IS(LTS_ERR_INVALID_ARGUMENT, LTS_CloseLicense(license, INT32_MIN));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, INT32_MAX));
  EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_CloseLicense(license, 1000));
  invalid_handle(license);
  invalid_handles(license);
  return failures();
}
