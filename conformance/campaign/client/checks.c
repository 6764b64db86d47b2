/* What the library must not do, and what it may answer while something is disturbed. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* Nothing is damaged in the campaign, so the storage must never be in trouble.
 * With damage, what the library says of it is what the judge wants to know. */
static int damaged;

/* Not damaged, but out of reach for a while. */
static int trouble;

/* The clock goes so far that usage is given up as too old. */
static int far_clock;

void begin_checks(char **arguments) {
  damaged = (int)number(arguments, "damaged", 0);
  trouble = (int)number(arguments, "trouble", 0);
  far_clock = (int)number(arguments, "far", 0);
}

/* Tells which client UUIDs the device had: it may get another one with the damage. */
static void say_uuid(const char *uuid) {
  static char said[40];
  if (damaged && strcmp(said, uuid) != 0) {
    snprintf(said, sizeof said, "%s", uuid);
    printf("%s\n", said);
    fflush(stdout);
  }
}

int announced(int32_t status) {
  if ((damaged || trouble) && (status == LTS_ERR_LICENSE_BUFFER_FAILED ||
                               (trouble && status == LTS_ERR_DEADLINE_EXCEEDED))) {
    atomic_fetch_add(&kept->announced, 1);
    return 1;
  }
  return 0;
}

/* Checks what a license says of itself. */
void check_info(int32_t status, const LTS_LicenseInfo *info) {
  if (announced(status)) {
    return;
  }
  if (status != LTS_OK) {
    violation("reading the license info failed", "", status);
  }
  atomic_fetch_or(&kept->state_flags, info->stateFlags);
  say_uuid(info->deviceUUID);
  char account[256];
  snprintf(account, sizeof account,
           "(recorded %" PRId64 ", accepted %" PRId64 ", pending %" PRId64 ", lost %" PRId64 ")",
           info->recorded, info->accepted, info->pending, info->lost);
  if (info->recorded != info->accepted + info->pending + info->lost || info->accepted < 0 ||
      info->pending < 0 || info->lost < 0) {
    violation("recorded is not accepted + pending + lost", account, LTS_OK);
  }
  uint32_t alarming = LTS_STATE_STORAGE_RECOVERED | (trouble ? 0 : LTS_STATE_STORAGE_DEGRADED);
  int64_t given_up = far_clock ? info->lostExpired : 0;
  if (!damaged && (info->lost != given_up || (info->stateFlags & (alarming)) != 0)) {
    violation("storage trouble or loss, and nothing was damaged", account, LTS_OK);
  }
}

void check(LTS_License license) {
  LTS_LicenseInfo info;
  info.structSize = sizeof info;
  int32_t status = LTS_GetLicenseInfo(license, &info);
  check_info(status, &info);
}

void check_events(LTS_License license) {
  LTS_Event event;
  event.structSize = sizeof event;
  while (LTS_PollEvent(license, &event, 0) == 1) {
    if (event.kind == LTS_EVENT_INTERNAL_ERROR && !announced(event.statusCode)) {
      violation("the library reports an internal error", event.message, event.statusCode);
    }
  }
}

void violation(const char *what, const char *detail, int32_t status) {
  fprintf(stderr, "client: %s: %d %s %s\n", what, status, LTS_StatusName(status), detail);
  _exit(3);
}

/* What an authorization may fail with while the network is disturbed. */
int unreached(int32_t status) {
  return status == LTS_ERR_FAILED_TO_REACH_LTS || status == LTS_ERR_SERVER_RESPONSE_INVALID ||
         status == LTS_ERR_SERVER_KEY_MISMATCH || /* an answer that was altered */
         status == LTS_ERR_SERVER_FAILED || status == LTS_ERR_REQUEST_RATE_LIMITED ||
         (trouble && status == LTS_ERR_DEADLINE_EXCEEDED);
}

/* Submitting may fail in these ways only. */
int submitted(int32_t status) {
  return status == LTS_OK || status == LTS_ERR_REPORTS_PENDING ||
         status == LTS_ERR_FAILED_TO_REACH_LTS || status == LTS_ERR_DEADLINE_EXCEEDED ||
         status == LTS_ERR_SERVER_RESPONSE_INVALID || status == LTS_ERR_SERVER_FAILED ||
         status == LTS_ERR_SERVER_KEY_MISMATCH || /* an answer that was altered */
         /* to a request that was altered on its way */
         status == LTS_ERR_REQUEST_NOT_AUTHENTICATED || status == LTS_ERR_REQUEST_MALFORMED ||
         status == LTS_ERR_PROTOCOL_VERSION || announced(status);
}
