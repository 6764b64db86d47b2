/* The functions of openlts.h, but for the hot path: what can be answered in C
 * is, and the rest goes on to Go if that can be entered.
 *
 * Structs of the caller are copied here, as much of them as the caller knows of
 * (structSize), so that Go always sees whole ones of the present version. */
#include <string.h>

#include "_cgo_export.h"
#include "capi.h"
#include "status_texts.inc"

/* Sizes of the structs in the first version of the ABI. They never change. */
enum { FIRST_PARAMETERS = 176, FIRST_INFO = 1232, FIRST_EVENT = 288 };

/* A larger size than this is an uninitialized struct, not one of the future. */
enum { LARGEST_STRUCT = 65536 };

_Static_assert(sizeof(void *) != 8 || sizeof(LTS_ConnectionParameters) >= FIRST_PARAMETERS,
               "the parameters shrank");
_Static_assert(sizeof(LTS_LicenseInfo) >= FIRST_INFO, "the license info shrank");
_Static_assert(sizeof(LTS_Event) >= FIRST_EVENT, "the event shrank");

static uint32_t smaller(uint32_t a, size_t b) { return a < b ? a : (uint32_t)b; }

const char *LTS_CALL LTS_Version(void) { return LTS_VERSION; }

int32_t LTS_CALL LTS_ABIVersion(void) { return LTS_ABI_VERSION; }

const char *LTS_CALL LTS_StatusName(int32_t status) {
  for (size_t i = 0; i < sizeof openlts_statuses / sizeof *openlts_statuses; i++) {
    if (openlts_statuses[i].status == status) {
      return openlts_statuses[i].name;
    }
  }
  return "UNKNOWN";
}

const char *LTS_CALL LTS_StatusMessage(int32_t status) {
  for (size_t i = 0; i < sizeof openlts_statuses / sizeof *openlts_statuses; i++) {
    if (openlts_statuses[i].status == status) {
      return openlts_statuses[i].message;
    }
  }
  return "Unknown status code.";
}

/* The defaults that the header names; core/license.Defaults has the same, and a
 * test compares them. */
static void set_defaults(LTS_ConnectionParameters *p) {
  memset(p, 0, sizeof *p);
  p->structSize = sizeof *p;
  p->deploymentType = LTS_DT_DESKTOP;
  p->chargeWay = LTS_CW_AUTO;
  p->UUIDGenerationMethod = LTS_UUIDGM_RANDOM;
  p->maxBufferDays = 7;
  p->maxConcurrentInstanceCount = 1;
  p->products = LTS_PROD_ALL;
  p->resubmit = LTS_RESUBMIT_NEXT_INIT;
  p->slotSeconds = 180;
  p->initTimeoutMilliseconds = 12000;
  p->requestTimeoutMilliseconds = 5000;
}

int32_t LTS_CALL LTS_InitLTSConnectionParameters(LTS_ConnectionParameters *parameters,
                                                 uint32_t structSize) {
  LTS_ConnectionParameters defaults;
  if (parameters == NULL || structSize < smaller(FIRST_PARAMETERS, sizeof defaults) ||
      structSize > LARGEST_STRUCT) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  set_defaults(&defaults);
  defaults.structSize = structSize;
  memset(parameters, 0, structSize);
  memcpy(parameters, &defaults, smaller(structSize, sizeof defaults));
  return LTS_OK;
}

/* Writes a line into a caller's buffer, cut if it must be. */
static void set_message(char *message, int32_t length, const char *text) {
  if (message != NULL && length > 0) {
    size_t n = strlen(text);
    n = n < (size_t)length ? n : (size_t)length - 1;
    memcpy(message, text, n);
    message[n] = '\0';
  }
}

/* Makes whole parameters of what the caller has; NULL gives the defaults. */
static int32_t whole_parameters(LTS_ConnectionParameters *whole,
                                const LTS_ConnectionParameters *parameters) {
  set_defaults(whole);
  if (parameters == NULL) {
    return LTS_OK;
  }
  uint32_t size = parameters->structSize;
  if (size < smaller(FIRST_PARAMETERS, sizeof *whole) || size > LARGEST_STRUCT) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  memcpy(whole, parameters, smaller(size, sizeof *whole));
  return LTS_OK;
}

static int32_t open_license(const char *key, const LTS_ConnectionParameters *parameters,
                            LTS_License *license, char *errorMessage, int32_t errorMessageLength) {
  LTS_ConnectionParameters whole;
  set_message(errorMessage, errorMessageLength, "");
  if (license == NULL) {
    set_message(errorMessage, errorMessageLength, "license is NULL");
    return LTS_ERR_INVALID_ARGUMENT;
  }
  *license = 0;
  if (openlts_forked()) {
    set_message(errorMessage, errorMessageLength, LTS_StatusMessage(LTS_ERR_FORKED));
    return LTS_ERR_FORKED;
  }
  if (whole_parameters(&whole, parameters) != LTS_OK) {
    set_message(errorMessage, errorMessageLength,
                "parameters->structSize is wrong: call LTS_InitLTSConnectionParameters first");
    return LTS_ERR_INVALID_ARGUMENT;
  }
  return openlts_go_open(key, &whole, license, errorMessage, errorMessageLength);
}

int32_t LTS_CALL LTS_InitLicenseFromLTS(const LTS_ConnectionParameters *parameters,
                                        LTS_License *license, char *errorMessage,
                                        int32_t errorMessageLength) {
  if (parameters == NULL) {
    if (license != NULL) {
      *license = 0;
    }
    set_message(errorMessage, errorMessageLength, "parameters is NULL");
    return LTS_ERR_INVALID_ARGUMENT;
  }
  return open_license(NULL, parameters, license, errorMessage, errorMessageLength);
}

int32_t LTS_CALL LTS_InitLicense(const char *licenseKey, const LTS_ConnectionParameters *parameters,
                                 LTS_License *license, char *errorMessage,
                                 int32_t errorMessageLength) {
  return open_license(licenseKey == NULL ? "" : licenseKey, parameters, license, errorMessage,
                      errorMessageLength);
}

/* What stands between a handle and Go. */
static int32_t enter(LTS_License license) {
  if (!openlts_table_holds(license)) {
    return LTS_ERR_INVALID_HANDLE;
  }
  return openlts_forked() ? LTS_ERR_FORKED : LTS_OK;
}

int32_t LTS_CALL LTS_DefineOperationType(LTS_License license, const char *name,
                                         int32_t *operationType) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (name == NULL || operationType == NULL) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  return openlts_go_define(license, name, operationType);
}

int32_t LTS_CALL LTS_RecordOperationAt(LTS_License license, int32_t operationType, int32_t count,
                                       int64_t time) {
  int32_t status = license == 0 ? LTS_ERR_NO_LICENSE : enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (count < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  return openlts_go_record_at(license, operationType, count, time);
}

int32_t LTS_CALL LTS_SubmitReports(LTS_License license, int32_t timeoutMilliseconds) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  return timeoutMilliseconds < 0 ? LTS_ERR_INVALID_ARGUMENT
                                 : openlts_go_submit(license, timeoutMilliseconds);
}

int32_t LTS_CALL LTS_PollEvent(LTS_License license, LTS_Event *event, int32_t timeoutMilliseconds) {
  LTS_Event whole;
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (event == NULL || event->structSize < FIRST_EVENT || event->structSize > LARGEST_STRUCT ||
      timeoutMilliseconds < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  memset(&whole, 0, sizeof whole);
  status = openlts_go_poll(license, &whole, timeoutMilliseconds);
  if (status == 1) {
    uint32_t size = event->structSize;
    memcpy(event, &whole, smaller(size, sizeof whole));
    event->structSize = size;
  }
  return status;
}

int32_t LTS_CALL LTS_GetLicenseInfo(LTS_License license, LTS_LicenseInfo *info) {
  LTS_LicenseInfo whole;
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (info == NULL || info->structSize < FIRST_INFO || info->structSize > LARGEST_STRUCT) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  memset(&whole, 0, sizeof whole);
  status = openlts_go_info(license, &whole);
  if (status == LTS_OK) {
    uint32_t size = info->structSize;
    memcpy(info, &whole, smaller(size, sizeof whole));
    info->structSize = size;
  }
  return status;
}

int32_t LTS_CALL LTS_GetDeviceUUID(const LTS_ConnectionParameters *parameters, char *uuid,
                                   int32_t length) {
  LTS_ConnectionParameters whole;
  if (uuid == NULL || length < 1) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  uuid[0] = '\0';
  if (length < 37) {
    return LTS_ERR_BUFFER_TOO_SMALL;
  }
  if (whole_parameters(&whole, parameters) != LTS_OK) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  return openlts_forked() ? LTS_ERR_FORKED : openlts_go_device_uuid(&whole, uuid, length);
}

int32_t LTS_CALL LTS_CloseLicense(LTS_License license, int32_t timeoutMilliseconds) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (timeoutMilliseconds < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  /* The handle dies first: who records from now on is told so. Of several
   * callers one goes on. */
  return openlts_table_close(license) ? openlts_go_close(license, timeoutMilliseconds)
                                      : LTS_ERR_INVALID_HANDLE;
}
