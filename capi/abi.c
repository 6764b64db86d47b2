/* The functions of openlts.h except the hot path. C answers what it can; the rest becomes
 * a job for Go (job.h).
 *
 * They copy what the caller passes into the job, as much as structSize says, and copy the
 * answers out of it: Go always sees complete structs of the present version, and never
 * the caller's memory. */
#include <stddef.h>
#include <string.h>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "capi.h"
#include "job.h"
#include "start.h"
#include "status_texts.inc"

/* The sizes of the structs in the first version of the ABI, up to the end of the last
 * field of each. They never change. */
enum {
  FIRST_PARAMETERS = offsetof(LTS_ConnectionParameters, reserved2) + sizeof(int32_t),
  FIRST_INFO = 1232,
  FIRST_EVENT = 288
};

/* If structSize is larger, the struct is uninitialized, and not one of a future version. */
enum { LARGEST_STRUCT = 65536 };

_Static_assert(sizeof(void *) != 8 || FIRST_PARAMETERS == 176, "a field of the parameters moved");
_Static_assert(offsetof(LTS_LicenseInfo, statusMessage) + 256 == FIRST_INFO,
               "a field of the license info moved");
_Static_assert(offsetof(LTS_Event, message) + 256 == FIRST_EVENT, "a field of the event moved");

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
  /* generated: defaults */
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
  /* generated: end */
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

/* Writes a line into the caller's buffer, and cuts it between characters if it does not
 * fit. */
static void set_message(char *message, int32_t length, const char *text) {
  if (message != NULL && length > 0) {
    size_t n = strlen(text);
    if (n >= (size_t)length) {
      n = (size_t)length - 1;
      while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
        n--;
      }
    }
    memcpy(message, text, n);
    message[n] = '\0';
  }
}

/* Makes complete parameters from the caller's; NULL gives the defaults. */
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

/* -------------------------------------------------------------------- the wait */

/* How long a function without a timeout parameter may take, in milliseconds. */
enum { USUAL_TIMEOUT = 2000, LONGEST_POLL = 60000 };

/* Go keeps the deadlines itself, and then says more about what was not done in time. Only
 * if it is late by this many milliseconds, the host's thread stops waiting. */
enum { GRACE = 250 };

static int64_t end_of(int32_t timeout) { return openlts_milliseconds() + timeout + GRACE; }

/* A thread that is cancelled (pthread_cancel) ends before or after a function of ours,
 * not within it. */
#if defined(_WIN32)
static int hold_cancellation(void) { return 0; }

static int32_t release_cancellation(int before, int32_t status) {
  (void)before;
  return status;
}
#else
static int hold_cancellation(void) {
  int before = PTHREAD_CANCEL_ENABLE;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  return before;
}

static int32_t release_cancellation(int before, int32_t status) {
  pthread_setcancelstate(before, &before);
  return status;
}
#endif

/* Has Go do a job within its timeout, and returns its status. If the job is not done in
 * time, it does not belong to the caller any more, and *job becomes NULL. */
static int32_t perform(openlts_job **job, int64_t until) {
  if (openlts_do(*job, until)) {
    return (*job)->status;
  }
  *job = NULL;
  return LTS_ERR_DEADLINE_EXCEEDED;
}

/* A job for a license. */
static int32_t new_job(openlts_job **job, enum openlts_kind kind, size_t room, LTS_License license,
                       int32_t timeout) {
  *job = openlts_new_job(kind, room);
  if (*job == NULL) {
    return LTS_ERR_HOST_RESOURCES;
  }
  (*job)->license = license;
  (*job)->timeout = timeout;
  return LTS_OK;
}

/* ----------------------------------------------------------- copies of parameters */

/* The strings of the parameters, and how long they may be. */
static const struct {
  size_t offset, limit;
} strings[] = {
    /* generated: texts */
    {offsetof(LTS_ConnectionParameters, mainServerURL), LTS_MAX_URL},
    {offsetof(LTS_ConnectionParameters, standbyServerURL), LTS_MAX_URL},
    {offsetof(LTS_ConnectionParameters, handshakeCode), LTS_MAX_CODE},
    {offsetof(LTS_ConnectionParameters, sessionPassword), LTS_MAX_CODE},
    {offsetof(LTS_ConnectionParameters, organizationID), LTS_MAX_CODE},
    {offsetof(LTS_ConnectionParameters, productVersion), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, edition), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, validationField), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, deviceFriendlyName), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, deviceUUID), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, serverPublicKey), LTS_MAX_NAME},
    {offsetof(LTS_ConnectionParameters, caFile), LTS_MAX_URL},
    {offsetof(LTS_ConnectionParameters, proxyURL), LTS_MAX_URL},
    {offsetof(LTS_ConnectionParameters, dataDirectory), LTS_MAX_URL},
    /* generated: end */
};

/* The lists, each of which is a pointer to int32_t and a count. */
static const struct {
  size_t values, count;
} lists[] = {
    /* generated: lists */
    {offsetof(LTS_ConnectionParameters, limitedLicenseModules),
     offsetof(LTS_ConnectionParameters, limitedLicenseModulesCount)},
    /* generated: end */
};

enum {
  STRINGS = sizeof strings / sizeof *strings,
  LISTS = sizeof lists / sizeof *lists,
  MAX_LIST = 64,
  MAX_KEY = 1 << 17
};

static const char **string_of(LTS_ConnectionParameters *p, size_t i) {
  return (const char **)(void *)((char *)p + strings[i].offset);
}

static const int32_t **list_of(LTS_ConnectionParameters *p, size_t i) {
  return (const int32_t **)(void *)((char *)p + lists[i].values);
}

/* How many bytes of a list to read. If the count is not allowed, none: that error is
 * found before anybody looks at the values. */
static size_t size_of_list(LTS_ConnectionParameters *p, size_t i) {
  const int32_t count = *(const int32_t *)(const void *)((const char *)p + lists[i].count);
  return *list_of(p, i) != NULL && count > 0 && count <= MAX_LIST ? (size_t)count * sizeof(int32_t)
                                                                  : 0;
}

/* How many bytes of a string to read: at most one more than it may have, so that a string
 * that is too long is noticed. */
static size_t length_of(const char *s, size_t limit) {
  size_t n = 0;
  while (s != NULL && n <= limit && s[n] != '\0') {
    n++;
  }
  return n;
}

/* Copies a string to *end and moves *end behind it. */
static const char *copy_string(char **end, const char *s, size_t limit) {
  if (s == NULL) {
    return NULL;
  }
  char *copy = *end;
  const size_t n = length_of(s, limit);
  memcpy(copy, s, n);
  copy[n] = '\0';
  *end += n + 1;
  return copy;
}

/* A job with a copy of the parameters, and of a license key. */
static openlts_job *job_with(enum openlts_kind kind, const LTS_ConnectionParameters *p,
                             const char *key) {
  LTS_ConnectionParameters copy = *p;
  size_t room = length_of(key, MAX_KEY) + 1;
  for (size_t i = 0; i < LISTS; i++) {
    room += size_of_list(&copy, i);
  }
  for (size_t i = 0; i < STRINGS; i++) {
    room += length_of(*string_of(&copy, i), strings[i].limit) + 1;
  }
  openlts_job *job = openlts_new_job(kind, room);
  if (job == NULL) {
    return NULL;
  }
  char *end = (char *)(job + 1);
  /* Lists come first, because they need the alignment of the job. */
  for (size_t i = 0; i < LISTS; i++) {
    const size_t size = size_of_list(&copy, i);
    if (size > 0) {
      memcpy(end, *list_of(&copy, i), size);
      *list_of(&copy, i) = (const int32_t *)(void *)end;
      end += size;
    }
  }
  job->key = copy_string(&end, key, MAX_KEY);
  for (size_t i = 0; i < STRINGS; i++) {
    const char **s = string_of(&copy, i);
    *s = copy_string(&end, *s, strings[i].limit);
  }
  job->parameters = copy;
  return job;
}

/* ------------------------------------------------------------- opening a license */

static int32_t open_with(const char *key, const LTS_ConnectionParameters *whole,
                         LTS_License *license, char *errorMessage, int32_t errorMessageLength) {
  /* Go answers soon if the timeout is not allowed. */
  const int32_t timeout =
      whole->initTimeoutMilliseconds > 0 ? whole->initTimeoutMilliseconds : USUAL_TIMEOUT;
  const int64_t until = end_of(timeout);
  const char *why = "";
  int32_t status = openlts_start(until, &why);
  if (status != LTS_OK) {
    set_message(errorMessage, errorMessageLength, why);
    return status;
  }
  openlts_job *job = job_with(OPENLTS_OPEN, whole, key);
  if (job == NULL) {
    set_message(errorMessage, errorMessageLength, "the process lacks memory");
    return LTS_ERR_HOST_RESOURCES;
  }
  status = perform(&job, until);
  if (job == NULL) {
    set_message(
        errorMessage, errorMessageLength,
        "the data directory (or caFile) did not answer in time: its disk hangs, or it is held "
        "up by another process; no license was opened");
    return status;
  }
  *license = status == LTS_OK ? job->license : 0;
  set_message(errorMessage, errorMessageLength, job->message);
  openlts_free_job(job);
  return status;
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
  const int before = hold_cancellation();
  return release_cancellation(before,
                              open_with(key, &whole, license, errorMessage, errorMessageLength));
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

/* --------------------------------------------------------------- with an open one */

/* Starts Go, and checks that the handle is open. */
static int32_t enter(LTS_License license) {
  if (!openlts_table_holds(license)) {
    return LTS_ERR_INVALID_HANDLE;
  }
  return openlts_forked() ? LTS_ERR_FORKED : LTS_OK;
}

static int32_t define(LTS_License license, const char *name, int32_t *operationType) {
  openlts_job *job = NULL;
  /* Read one character more than a name may have, so that a name that is too long is
   * noticed. */
  const size_t limit = LTS_MAX_NAME;
  int32_t status =
      new_job(&job, OPENLTS_DEFINE, length_of(name, limit) + 1, license, USUAL_TIMEOUT);
  if (status != LTS_OK) {
    return status;
  }
  char *end = (char *)(job + 1);
  job->name = copy_string(&end, name, limit);
  status = perform(&job, end_of(USUAL_TIMEOUT));
  if (status == LTS_OK) {
    *operationType = job->operation_type;
  }
  openlts_free_job(job);
  return status;
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
  const int before = hold_cancellation();
  return release_cancellation(before, define(license, name, operationType));
}

static int32_t record_at(LTS_License license, int32_t operationType, int32_t count, int64_t time) {
  openlts_job *job = NULL;
  int32_t status = new_job(&job, OPENLTS_RECORD_AT, 0, license, USUAL_TIMEOUT);
  if (status != LTS_OK) {
    return status;
  }
  job->operation_type = operationType;
  job->count = count;
  job->time = time;
  status = perform(&job, end_of(USUAL_TIMEOUT));
  openlts_free_job(job);
  return status;
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
  const int before = hold_cancellation();
  return release_cancellation(before, record_at(license, operationType, count, time));
}

static int32_t submit(LTS_License license, int32_t timeout) {
  openlts_job *job = NULL;
  int32_t status = new_job(&job, OPENLTS_SUBMIT, 0, license, timeout);
  if (status != LTS_OK) {
    return status;
  }
  status = perform(&job, end_of(timeout));
  openlts_free_job(job);
  return status;
}

int32_t LTS_CALL LTS_SubmitReports(LTS_License license, int32_t timeoutMilliseconds) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (timeoutMilliseconds < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  const int before = hold_cancellation();
  return release_cancellation(before, submit(license, timeoutMilliseconds));
}

static int32_t poll(LTS_License license, LTS_Event *event, int32_t timeout) {
  openlts_job *job = NULL;
  int32_t status = new_job(&job, OPENLTS_POLL, 0, license, timeout);
  if (status != LTS_OK) {
    return status;
  }
  status = perform(&job, end_of(timeout));
  if (status == 1) {
    uint32_t size = event->structSize;
    memcpy(event, &job->event, smaller(size, sizeof *event));
    event->structSize = size;
  }
  openlts_free_job(job);
  /* No answer in time: there is no event. */
  return status == LTS_ERR_DEADLINE_EXCEEDED ? 0 : status;
}

int32_t LTS_CALL LTS_PollEvent(LTS_License license, LTS_Event *event, int32_t timeoutMilliseconds) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (event == NULL || event->structSize < FIRST_EVENT || event->structSize > LARGEST_STRUCT ||
      timeoutMilliseconds < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  const int32_t timeout = timeoutMilliseconds < LONGEST_POLL ? timeoutMilliseconds : LONGEST_POLL;
  const int before = hold_cancellation();
  return release_cancellation(before, poll(license, event, timeout));
}

static int32_t get_info(LTS_License license, LTS_LicenseInfo *info) {
  openlts_job *job = NULL;
  int32_t status = new_job(&job, OPENLTS_INFO, 0, license, USUAL_TIMEOUT);
  if (status != LTS_OK) {
    return status;
  }
  status = perform(&job, end_of(USUAL_TIMEOUT));
  if (status == LTS_OK) {
    uint32_t size = info->structSize;
    memcpy(info, &job->info, smaller(size, sizeof *info));
    info->structSize = size;
  }
  openlts_free_job(job);
  return status;
}

int32_t LTS_CALL LTS_GetLicenseInfo(LTS_License license, LTS_LicenseInfo *info) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (info == NULL || info->structSize < FIRST_INFO || info->structSize > LARGEST_STRUCT) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  const int before = hold_cancellation();
  return release_cancellation(before, get_info(license, info));
}

static int32_t get_device_uuid(const LTS_ConnectionParameters *whole, char *uuid, int32_t length) {
  const int64_t until = end_of(USUAL_TIMEOUT);
  const char *why = NULL;
  int32_t status = openlts_start(until, &why);
  if (status != LTS_OK) {
    return status;
  }
  openlts_job *job = job_with(OPENLTS_DEVICE_UUID, whole, NULL);
  if (job == NULL) {
    return LTS_ERR_HOST_RESOURCES;
  }
  job->timeout = USUAL_TIMEOUT;
  status = perform(&job, until);
  if (status == LTS_OK) {
    set_message(uuid, length, job->uuid);
  }
  openlts_free_job(job);
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
  const int before = hold_cancellation();
  return release_cancellation(before, get_device_uuid(&whole, uuid, length));
}

static int32_t close_license(LTS_License license, int32_t timeout) {
  openlts_job *job = NULL;
  int32_t status = new_job(&job, OPENLTS_CLOSE, 0, license, timeout);
  if (status != LTS_OK) {
    return status; /* and the license is still open */
  }
  /* Invalidate the handle first: from now on, recording returns an error. Of several
   * callers, only one continues. */
  if (!openlts_table_close(license)) {
    openlts_free_job(job);
    return LTS_ERR_INVALID_HANDLE;
  }
  status = perform(&job, end_of(timeout));
  openlts_free_job(job);
  return status;
}

int32_t LTS_CALL LTS_CloseLicense(LTS_License license, int32_t timeoutMilliseconds) {
  int32_t status = enter(license);
  if (status != LTS_OK) {
    return status;
  }
  if (timeoutMilliseconds < 0) {
    return LTS_ERR_INVALID_ARGUMENT;
  }
  const int before = hold_cancellation();
  return release_cancellation(before, close_license(license, timeoutMilliseconds));
}
