/* OpenLTS: license authorization and usage metering for native SDKs.
 *
 * This header defines the C ABI. The library exports exactly the functions
 * declared here; later versions add functions, and never change or remove one.
 *
 * A vendor's SDK uses it like this:
 *
 *     LTS_ConnectionParameters parameters;
 *     LTS_License license;
 *     char message[256];
 *
 *     LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
 *     parameters.mainServerURL = "https://lts.example.com";
 *     parameters.handshakeCode = "100001-reader";
 *     int32_t status = LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message);
 *     ...
 *     LTS_RecordOperation(license, LTS_OT_QR_CODE, 1);   // for each success
 *     ...
 *     LTS_CloseLicense(license, 3000);
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 * Strings    UTF-8, NUL-terminated. They are read during the call and never
 *            kept, so the caller may free them right after it.
 * Memory     No function returns memory to be freed. Texts go into buffers of
 *            the caller and are always NUL-terminated, cut if they must be.
 * Structs    Start with structSize, set by the caller (or by the function that
 *            initializes them), so that they can grow without breaking anyone.
 * Handles    An LTS_License is a number. 0 is none. A handle that was closed
 *            or never existed gives LTS_ERR_INVALID_HANDLE, never a crash.
 * Errors     0 (LTS_OK) is success, everything negative an error; see
 *            definitions.h. No function throws, aborts, or ends the process.
 * Threads    Every function may be called from any thread at any time, whatever
 *            the size of its stack and of its signal stack, and whatever signal
 *            handlers interrupt it. A handler must not leave a function of the
 *            library by longjmp. A thread is cancelled (pthread_cancel) before
 *            or after a function of the library, not in it. A signal handler
 *            may call LTS_RecordOperation, and no other function.
 * Blocking   Only the functions that say so block, and each has a deadline. It
 *            is kept even if the disk hangs, or another process holds the data
 *            directory: they return a quarter of a second after it at the
 *            latest. Work that was begun then finishes in the background, and
 *            touches no memory of the caller's. A negative timeout gives
 *            LTS_ERR_INVALID_ARGUMENT.
 * Fork       The library starts threads in the first call of LTS_InitLicense,
 *            LTS_InitLicenseFromLTS or LTS_GetDeviceUUID, not when it is
 *            loaded. A process forked before that may use everything. One
 *            forked after it may still call LTS_RecordOperation, and what it
 *            records counts; every other function that needs the library's
 *            threads returns LTS_ERR_FORKED.
 * Host       Loading the library changes nothing in the process. When it is
 *            used, it has handlers for SIGSEGV, SIGBUS and SIGFPE, which pass
 *            on what is not its own, and changes no other; its threads take no
 *            signals from the host. On Linux from 5.11 on, it has file
 *            descriptors of its own: the host may run out of them or close them
 *            all. It writes nothing to stdout or stderr, reads no environment
 *            variable but HOME, and can't be unloaded. If the process lacks
 *            threads, file descriptors, memory or address space (about 1.1 GB,
 *            most of it only reserved), LTS_ERR_HOST_RESOURCES says so, and the
 *            call may be repeated. docs/hosts.md has what a host must not do.
 */
#ifndef OPENLTS_OPENLTS_H
#define OPENLTS_OPENLTS_H

#include <stddef.h>
#include <stdint.h>

#include "definitions.h"

/* The version of this header, as text and as a number: major * 10000 + minor *
 * 100 + patch. LTS_Version() is that of the library in use. */
#define LTS_VERSION "0.1.0"
#define LTS_VERSION_NUMBER 100

/* The version of the binary interface, which grows when something is added to it. A
 * binding compares it with what LTS_ABIVersion() answers, and refuses to go on if that
 * is less: an older program works with a newer library. */
#define LTS_ABI_VERSION 1

#if defined(_WIN32)
#define LTS_CALL __cdecl
#if defined(LTS_BUILDING_LIBRARY)
#define LTS_API __declspec(dllexport)
#else
#define LTS_API __declspec(dllimport)
#endif
#else
#define LTS_CALL
#define LTS_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A license in use: the result of a successful authorization. */
typedef int64_t LTS_License;

/* Longest texts, in bytes without the NUL. */
#define LTS_MAX_URL 2047
#define LTS_MAX_CODE 255
#define LTS_MAX_NAME 255

/* How to reach the License Tracking Server (LTS), and what to ask of it.
 * Call LTS_InitLTSConnectionParameters first: it sets the defaults named here.
 * A pointer may be NULL; that is the same as "". Fields up to products are
 * those of the vendor (docs/compatibility.md). */
typedef struct LTS_ConnectionParameters {
  /* generated: ConnectionParameters */
  /* set by LTS_InitLTSConnectionParameters */
  uint32_t structSize;
  /* 0 */
  int32_t reserved;
  /* http(s)://host[:port][/path]; required */
  const char *mainServerURL;
  /* asked if the main server can't be reached */
  const char *standbyServerURL;
  /* the code; or organizationID, or both */
  const char *handshakeCode;
  /* if the code is protected by one */
  const char *sessionPassword;
  /* alone: the organization's default code is used */
  const char *organizationID;
  /* where the SDK runs (LTS_DeploymentType); LTS_DT_DESKTOP by default */
  int32_t deploymentType;
  /* how usage is to be charged (LTS_ChargeWay); LTS_CW_AUTO by default */
  int32_t chargeWay;
  /* how the client UUID is made (LTS_UUIDGenerationMethod); LTS_UUIDGM_RANDOM by default */
  int32_t UUIDGenerationMethod;
  /* days an authorization may be used without the server; 0 or more, less than 7 counts as 7; the
   * license may allow fewer; 7 by default */
  int32_t maxBufferDays;
  /* the modules to ask for (LTS_LicenseModule); NULL: all */
  const int32_t *limitedLicenseModules;
  int32_t limitedLicenseModulesCount;
  /* how many instances this machine will use at once, for licenses charged by them; 1 to 1,000,000;
   * 1 by default */
  int32_t maxConcurrentInstanceCount;
  /* may be combined (LTS_Product); LTS_PROD_ALL by default */
  int32_t products;
  /* when a report whose submission failed is tried again (LTS_Resubmit); LTS_RESUBMIT_NEXT_INIT by
   * default */
  int32_t resubmit;
  /* of the SDK, such as "10.2.1" */
  const char *productVersion;
  /* of the SDK, such as "Python" */
  const char *edition;
  /* domain, application id or process name; the server may check it */
  const char *validationField;
  /* shown to administrators */
  const char *deviceFriendlyName;
  /* a client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits */
  const char *deviceUUID;
  /* the server's Ed25519 key in base64, as lts key show prints it: no other server is believed; if
   * empty, the key seen first is remembered */
  const char *serverPublicKey;
  /* PEM file of the roots to trust for HTTPS; if empty, the machine's, whatever SSL_CERT_FILE
   * says */
  const char *caFile;
  /* http(s)://[user:password@]host:port */
  const char *proxyURL;
  /* where usage is kept, and who the device is; if empty, .openlts in the user's home directory; on
   * Windows, OpenLTS in the user's local application data. Where nothing can be kept, as in a
   * container without a volume, each start is a new device, which counts for a day at most
   * (deviceUUID helps) */
  const char *dataDirectory;
  /* length in seconds of a time slot and of the reporting interval; divides a day; 180 by
   * default */
  int32_t slotSeconds;
  /* for all of the initialization; 12000 by default */
  int32_t initTimeoutMilliseconds;
  /* for one request to a server; 5000 by default */
  int32_t requestTimeoutMilliseconds;
  /* 0 */
  int32_t reserved2;
  /* generated: end */
} LTS_ConnectionParameters;

/* What is known of a license. Times are seconds since 1970 (UTC), 0 if there
 * is none. Set structSize to sizeof(LTS_LicenseInfo) before the call. */
typedef struct LTS_LicenseInfo {
  /* generated: LicenseInfo */
  /* sizeof(LTS_LicenseInfo), set by the caller */
  uint32_t structSize;
  /* the state of the license, flags combined (LTS_StateFlag) */
  uint32_t stateFlags;
  /* of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in statusMessage
   * (LTS_StatusCode) */
  int32_t statusCode;
  /* of the license item (LTS_ChargeWay) */
  int32_t chargeWay;
  /* length of a time slot */
  int32_t slotSeconds;
  /* 0 */
  int32_t reserved;
  /* when the server granted the authorization (0 if there is none) */
  int64_t authorizedAt;
  /* when the license itself ends (0 if there is none) */
  int64_t validUntil;
  /* until when it may be used without the server (0 if there is none) */
  int64_t bufferUntil;
  /* units the license item allows; -1: not limited */
  int64_t quotaLimit;
  /* as last heard from the server */
  int64_t quotaUsed;
  /* the modules that may be used: the license item permits them, and they were asked for (bit n is
   * LTS_LicenseModule n) */
  uint64_t modules;
  /* units recorded on this device, over all that keep them in the same data directory; always:
   * recorded = accepted + pending + lost */
  int64_t recorded;
  /* by the server, with a verified receipt */
  int64_t accepted;
  /* kept here, not accepted yet */
  int64_t pending;
  /* lost and declared: the sum of the following */
  int64_t lost;
  /* not submitted within 30 days */
  int64_t lostExpired;
  /* refused by the server */
  int64_t lostRefused;
  /* gone with a damaged or deleted ledger */
  int64_t lostStorage;
  /* the client UUID */
  char deviceUUID[40];
  /* of this opening of the license, as the server sees it */
  char runUUID[40];
  /* the handshake code in use */
  char handshakeCode[256];
  /* the organization it belongs to */
  char organizationID[256];
  /* the license item that usage is counted against */
  char itemID[256];
  /* belongs to statusCode */
  char statusMessage[256];
  /* generated: end */
} LTS_LicenseInfo;

/* Something that happened. Set structSize before the call. */
typedef struct LTS_Event {
  /* generated: Event */
  /* sizeof(LTS_Event), set by the caller */
  uint32_t structSize;
  /* what the event tells (LTS_EventKind) */
  int32_t kind;
  /* how it went (LTS_StatusCode) */
  int32_t statusCode;
  /* the state of the license after the event, flags combined (LTS_StateFlag) */
  uint32_t stateFlags;
  /* when it happened */
  int64_t time;
  /* units concerned, or 0 */
  int64_t units;
  /* what happened, for people */
  char message[256];
  /* generated: end */
} LTS_Event;

/* The library's version, such as "0.1.0". Static memory. Never fails. */
LTS_API const char *LTS_CALL LTS_Version(void);

/* The library's LTS_ABI_VERSION. Never fails. */
LTS_API int32_t LTS_CALL LTS_ABIVersion(void);

/* The stable name of a status code, such as "LIMIT_EXCEEDED"; "UNKNOWN" if the
 * library does not know it. Static memory. Never fails. */
LTS_API const char *LTS_CALL LTS_StatusName(int32_t status);

/* The text of a status code for people, in English. Texts may be improved;
 * compare the number. Static memory. Never fails. */
LTS_API const char *LTS_CALL LTS_StatusMessage(int32_t status);

/* Sets every field of *parameters to its default, and structSize.
 *
 * structSize  sizeof(LTS_ConnectionParameters) as the caller knows it; no more
 *             than that is written.
 * Returns LTS_OK; LTS_ERR_INVALID_ARGUMENT if parameters is NULL or structSize
 * smaller than that of the first version.
 * Does not block. May be called again, and in a forked process. */
LTS_API int32_t LTS_CALL LTS_InitLTSConnectionParameters(LTS_ConnectionParameters *parameters,
                                                         uint32_t structSize);

/* Asks the License Tracking Server for an authorization and begins metering.
 *
 * The main server is asked first; the standby if the main can't be reached (or
 * is under construction); if neither answers, the authorization that one of them
 * granted before is used while it is valid, and LTS_STATE_CACHE_USED is set: a
 * flag, not an error. A refusal that the server signed is final; anything else
 * that is no authorization counts as a server that can't be reached. Setting the
 * clock back makes what was granted before unusable until a server is reached.
 * Then, in the background, usage that is left over is submitted at once and new
 * usage every slotSeconds, and once a day the server is asked anew: a renewal,
 * another quota, or a revocation takes effect without a restart. A refusal then
 * is LTS_STATE_AUTHORIZATION_LAPSED and an event; recording goes on.
 *
 * license              receives the handle; 0 on error
 * errorMessage         receives one line that says what happened and what to
 *                      do, or "" ; may be NULL
 * errorMessageLength   size of that buffer in bytes; 256 is recommended
 * Blocks for initTimeoutMilliseconds at most.
 * Returns LTS_OK; a server's refusal (-20100 to -20199); LTS_ERR_NO_LICENSE,
 * LTS_ERR_FAILED_TO_REACH_LTS, LTS_ERR_SERVER_KEY_MISMATCH,
 * LTS_ERR_SERVER_RESPONSE_INVALID, LTS_ERR_INVALID_ARGUMENT,
 * LTS_ERR_HANDSHAKE_CODE_INVALID, LTS_ERR_BIND_DEVICE_FAILED,
 * LTS_ERR_LICENSE_BUFFER_FAILED (nothing can be kept, not even in memory),
 * LTS_ERR_DEADLINE_EXCEEDED (the data directory did not answer in time),
 * LTS_ERR_TOO_MANY (64 licenses are open), LTS_ERR_HOST_RESOURCES,
 * LTS_ERR_FORKED, LTS_ERR_INTERNAL.
 * Each call opens a license of its own; several may be open at a time. */
LTS_API int32_t LTS_CALL LTS_InitLicenseFromLTS(const LTS_ConnectionParameters *parameters,
                                                LTS_License *license, char *errorMessage,
                                                int32_t errorMessageLength);

/* The same with one string, the license key: "LTS1" followed by base64 of a
 * JSON object with the fields of LTS_ConnectionParameters (such as
 * {"mainServerURL":...,"handshakeCode":...}). `lts handshake key` prints one.
 * Keys in the vendor's form, "DLS2" and base64, are understood too.
 *
 * parameters  what the key does not say; NULL for the defaults. A
 *             serverPublicKey in them stays: with a license key of another
 *             server, the call returns LTS_ERR_SERVER_KEY_MISMATCH
 * Everything else as LTS_InitLicenseFromLTS. */
LTS_API int32_t LTS_CALL LTS_InitLicense(const char *licenseKey,
                                         const LTS_ConnectionParameters *parameters,
                                         LTS_License *license, char *errorMessage,
                                         int32_t errorMessageLength);

/* Defines an operation type by name, for what LTS_OperationType does not list.
 *
 * name           1 to 64 characters out of A-Z, 0-9 and _, starting with a
 *                letter; the name of a built-in type gives that type
 * operationType  receives the number, for this license until it is closed
 * Returns LTS_OK, also if the name is defined already (the same number);
 * LTS_ERR_INVALID_ARGUMENT, LTS_ERR_INVALID_HANDLE,
 * LTS_ERR_TOO_MANY (128 are defined), LTS_ERR_DEADLINE_EXCEEDED,
 * LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED,
 * LTS_ERR_INTERNAL.
 * Blocks for 2 seconds at most, usually for less than a millisecond. */
LTS_API int32_t LTS_CALL LTS_DefineOperationType(LTS_License license, const char *name,
                                                 int32_t *operationType);

/* Records count successful operations, done now.
 *
 * The cost is that of an atomic addition: no lock, no memory allocation, no
 * system call, and not a single instruction of Go. Once the function returned
 * LTS_OK the operations are counted exactly once, even if the process is killed
 * in the next instant. They are counted in the time slot of the current
 * wall-clock time; if the clock is wrong by a day or more then, and set right
 * before they are submitted, they move with it.
 *
 * operationType  LTS_OperationType, or one defined by LTS_DefineOperationType
 * count          0 or more; 0 does nothing
 * Returns LTS_OK; LTS_ERR_NO_LICENSE (the handle is 0), LTS_ERR_INVALID_HANDLE,
 * LTS_ERR_UNKNOWN_OPERATION_TYPE, LTS_ERR_INVALID_ARGUMENT (count is negative).
 * On an error nothing is counted. May be called in a forked process. */
LTS_API int32_t LTS_CALL LTS_RecordOperation(LTS_License license, int32_t operationType,
                                             int32_t count);

/* Records operations done at a time the caller names: seconds since 1970
 * (UTC), up to 30 days back and not in the future.
 *
 * The operations are durable when the function returns LTS_OK. On an error they
 * are not counted, with one exception: after LTS_ERR_DEADLINE_EXCEEDED a write
 * that hung on the disk may still complete.
 * Blocks for 2 seconds at most, usually for a write to the data directory.
 * Returns as LTS_RecordOperation (LTS_ERR_NO_LICENSE for the handle 0), and
 * LTS_ERR_TIME_OUT_OF_RANGE, LTS_ERR_LICENSE_BUFFER_FAILED,
 * LTS_ERR_DEADLINE_EXCEEDED, LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED,
 * LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_RecordOperationAt(LTS_License license, int32_t operationType,
                                               int32_t count, int64_t time);

/* Submits everything recorded so far, now: seals also the current slot, and
 * tries also reports that failed before.
 *
 * Blocks for timeoutMilliseconds at most.
 * Returns LTS_OK if nothing is left; LTS_ERR_REPORTS_PENDING if some reports
 * could not be submitted (they are kept), LTS_ERR_FAILED_TO_REACH_LTS, what a
 * server refused a report with (-20100 to -20199),
 * LTS_ERR_SERVER_KEY_MISMATCH, LTS_ERR_SERVER_RESPONSE_INVALID,
 * LTS_ERR_LICENSE_BUFFER_FAILED (the data directory fails),
 * LTS_ERR_DEADLINE_EXCEEDED (also if another process holds the data directory
 * up), LTS_ERR_INVALID_ARGUMENT, LTS_ERR_INVALID_HANDLE,
 * LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED, LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_SubmitReports(LTS_License license, int32_t timeoutMilliseconds);

/* Waits for the next event of a license.
 *
 * Blocks for timeoutMilliseconds at most (0: not at all; more than 60000 count
 * as 60000), and returns early when the license is closed. Up to 256 events are kept; then
 * the oldest are dropped.
 * Returns 1 if *event was filled, 0 if there is none;
 * LTS_ERR_INVALID_ARGUMENT, LTS_ERR_INVALID_HANDLE, LTS_ERR_HOST_RESOURCES,
 * LTS_ERR_FORKED, LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_PollEvent(LTS_License license, LTS_Event *event,
                                       int32_t timeoutMilliseconds);

/* Tells what is known of a license.
 *
 * Reads the data directory; does not use the network. The usage of the device
 * has all that any process on the directory recorded before the call, submitted
 * or not. A process that may not look into the directory any more, because it
 * became another user or changed its root, lacks what others recorded in slots
 * that go on; a license in memory has its own. If the directory can't be read in
 * time, because another process holds it, the usage of the device is what it was
 * when last read, and what this license recorded since; LTS_STATE_STORAGE_DEGRADED
 * is set then.
 * Blocks for 2 seconds at most.
 * Returns LTS_OK; LTS_ERR_INVALID_ARGUMENT (NULL, or structSize smaller than
 * that of the first version), LTS_ERR_INVALID_HANDLE, LTS_ERR_DEADLINE_EXCEEDED
 * (the disk hangs), LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED, LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_GetLicenseInfo(LTS_License license, LTS_LicenseInfo *info);

/* Tells the client UUID the device would use with these parameters, creating
 * it if there is none yet. Works without any license.
 *
 * parameters  NULL for the defaults
 * uuid        receives 36 characters and a NUL
 * length      size of that buffer in bytes, 37 or more
 * Returns LTS_OK; LTS_ERR_INVALID_ARGUMENT, LTS_ERR_BUFFER_TOO_SMALL,
 * LTS_ERR_LICENSE_BUFFER_FAILED (the data directory can't be used),
 * LTS_ERR_BIND_DEVICE_FAILED, LTS_ERR_DEADLINE_EXCEEDED,
 * LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED, LTS_ERR_INTERNAL.
 * Blocks for 2 seconds at most, usually for a write to the data directory. */
LTS_API int32_t LTS_CALL LTS_GetDeviceUUID(const LTS_ConnectionParameters *parameters, char *uuid,
                                           int32_t length);

/* Ends metering: seals what was recorded, submits it, and gives the handle
 * back. Nothing is lost whatever it returns: what can't be submitted in time
 * stays in the data directory for the next start.
 *
 * Blocks for timeoutMilliseconds at most (0: does not use the network).
 * Returns LTS_OK; LTS_ERR_INVALID_HANDLE (also on a second call);
 * LTS_ERR_REPORTS_PENDING, LTS_ERR_DEADLINE_EXCEEDED,
 * LTS_ERR_FAILED_TO_REACH_LTS, LTS_ERR_LICENSE_BUFFER_FAILED or what else
 * LTS_SubmitReports returns (closed, but some reports are left);
 * LTS_ERR_INVALID_ARGUMENT and LTS_ERR_HOST_RESOURCES (not closed),
 * LTS_ERR_FORKED, LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_CloseLicense(LTS_License license, int32_t timeoutMilliseconds);

#ifdef __cplusplus
}
#endif

#endif /* OPENLTS_OPENLTS_H */
