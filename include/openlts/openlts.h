/* OpenLTS: license authorization and usage metering for native SDKs.
 *
 * This header defines the C ABI. The library exports exactly the functions declared here.
 * Later versions add functions, but never change or remove one.
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
 * Strings    UTF-8, NUL-terminated. The library reads them during the call and
 *            does not keep them, so the caller may free them right after it.
 * Memory     No function returns memory to be freed. Texts go into buffers of
 *            the caller. They are always NUL-terminated, and cut if they do not
 *            fit.
 * Structs    Start with structSize, set by the caller (or by the function that
 *            initializes them), so that they can grow without breaking callers.
 * Handles    An LTS_License is a number; 0 is none. A handle that was closed
 *            or never existed gives LTS_ERR_INVALID_HANDLE, never a crash.
 * Errors     0 (LTS_OK) is success, every negative number an error; see
 *            definitions.h. No function throws, aborts, or ends the process.
 * Threads    You may call every function from any thread at any time, with a
 *            stack and a signal stack of any size, and while signal handlers
 *            interrupt the thread. A signal handler must not leave a function of
 *            the library by longjmp. It may call LTS_RecordOperation, but no
 *            other function. If you cancel a thread (pthread_cancel), that takes
 *            effect before or after a function of the library, not within.
 * Blocking   Only the functions that say so block, and each has a deadline. They
 *            return at the latest a quarter of a second after it, even if the
 *            disk hangs or another process holds the data directory. Work that
 *            was begun is then finished in the background, and touches no memory
 *            of the caller. A negative timeout gives LTS_ERR_INVALID_ARGUMENT.
 * Fork       The library starts threads in the first call of LTS_InitLicense,
 *            LTS_InitLicenseFromLTS or LTS_GetDeviceUUID, not when it is
 *            loaded. A process that is forked before that may use everything.
 *            A process that is forked later may still call LTS_RecordOperation,
 *            and what it records counts; every other function that needs the
 *            library's threads returns LTS_ERR_FORKED.
 * Host       Loading the library changes nothing in the process. When it is
 *            used, it installs handlers for SIGSEGV, SIGBUS and SIGFPE, which
 *            pass on every signal that is not its own, and no others; its
 *            threads take no signals of the host. On Linux 5.11 and newer, it
 *            has its own file descriptors: the host may run out of descriptors
 *            or close all of them. It writes nothing to stdout or stderr, reads
 *            no environment variable but HOME, and can't be unloaded. If the
 *            process lacks threads, file descriptors, memory or address space
 *            (about 1.1 GB, most of it only reserved), a function returns
 *            LTS_ERR_HOST_RESOURCES, and you may call it again. docs/hosts.md
 *            says what a host must not do.
 */
#ifndef OPENLTS_OPENLTS_H
#define OPENLTS_OPENLTS_H

#include <stddef.h>
#include <stdint.h>

#include "definitions.h"

/* The version of this header, as text and as a number: major * 10000 + minor * 100 +
 * patch. LTS_Version() returns the version of the loaded library. */
#define LTS_VERSION "0.1.0"
#define LTS_VERSION_NUMBER 100

/* The version of the binary interface. It grows with each addition. A binding compares it
 * with LTS_ABIVersion() and refuses a library with a lower number; an older program works
 * with a newer library. */
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

/* How to reach the License Tracking Server (LTS), and what to ask for. Call
 * LTS_InitLTSConnectionParameters first: it sets the defaults named here. A pointer may
 * be NULL, which means the same as "". Fields up to products are those of the vendor
 * (docs/compatibility.md). */
typedef struct LTS_ConnectionParameters {
  /* generated: ConnectionParameters */
  /* set by LTS_InitLTSConnectionParameters */
  uint32_t structSize;
  /* 0 */
  int32_t reserved;
  /* http(s)://host[:port][/path]; required */
  const char *mainServerURL;
  /* used if the main server can't be reached */
  const char *standbyServerURL;
  /* required, unless organizationID is set; both may be set */
  const char *handshakeCode;
  /* the session password of the code, if it has one */
  const char *sessionPassword;
  /* without handshakeCode: the organization's default code is used */
  const char *organizationID;
  /* where the SDK runs (LTS_DeploymentType); LTS_DT_DESKTOP by default */
  int32_t deploymentType;
  /* how usage is to be charged (LTS_ChargeWay); LTS_CW_AUTO by default */
  int32_t chargeWay;
  /* how the client UUID is made (LTS_UUIDGenerationMethod); LTS_UUIDGM_RANDOM by default */
  int32_t UUIDGenerationMethod;
  /* how many days an authorization may be used without the server; 0 to 6 count as 7; the license
   * may allow fewer; 7 by default */
  int32_t maxBufferDays;
  /* the modules to ask for (LTS_LicenseModule); NULL: all */
  const int32_t *limitedLicenseModules;
  int32_t limitedLicenseModulesCount;
  /* how many instances this machine will use at once, 1 to 1,000,000; matters only for licenses
   * charged by instances; 1 by default */
  int32_t maxConcurrentInstanceCount;
  /* may be combined (LTS_Product); LTS_PROD_ALL by default */
  int32_t products;
  /* when a report whose submission failed is tried again (LTS_Resubmit); LTS_RESUBMIT_NEXT_INIT by
   * default */
  int32_t resubmit;
  /* the version of the SDK, such as "10.2.1" */
  const char *productVersion;
  /* the edition of the SDK, such as "Python" */
  const char *edition;
  /* domain, application id or process name; the server may check it */
  const char *validationField;
  /* shown to administrators */
  const char *deviceFriendlyName;
  /* a client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits */
  const char *deviceUUID;
  /* the server's Ed25519 key in base64, as lts key show prints it: the library believes no other
   * server; if empty, it remembers the first key it sees */
  const char *serverPublicKey;
  /* PEM file with the root certificates to trust for HTTPS; if empty, those of the machine
   * (SSL_CERT_FILE is ignored) */
  const char *caFile;
  /* http(s)://[user:password@]host:port */
  const char *proxyURL;
  /* where usage and the identity of the device are kept; if empty, .openlts in the user's home
   * directory, or on Windows OpenLTS in the user's local application data. If nothing can be kept
   * there, as in a container without a volume, each start is a new device, which counts for a day
   * at most (set deviceUUID) */
  const char *dataDirectory;
  /* length of a time slot and of the reporting interval in seconds; must divide a day; 180 by
   * default */
  int32_t slotSeconds;
  /* for the whole initialization; 12000 by default */
  int32_t initTimeoutMilliseconds;
  /* for one request to a server; 5000 by default */
  int32_t requestTimeoutMilliseconds;
  /* 0 */
  int32_t reserved2;
  /* generated: end */
} LTS_ConnectionParameters;

/* What is known about a license. Times are seconds since 1970 (UTC), 0 if there is none.
 * Set structSize to sizeof(LTS_LicenseInfo) before the call. */
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
  /* units recorded on this device by all that share the data directory; always: recorded = accepted
   * + pending + lost */
  int64_t recorded;
  /* accepted by the server, with a verified receipt */
  int64_t accepted;
  /* kept here, not accepted yet */
  int64_t pending;
  /* lost and declared: the sum of the following */
  int64_t lost;
  /* not submitted within 30 days */
  int64_t lostExpired;
  /* refused by the server */
  int64_t lostRefused;
  /* lost with a damaged or deleted ledger */
  int64_t lostStorage;
  /* the client UUID */
  char deviceUUID[40];
  /* the id of this opening of the license, as the server knows it */
  char runUUID[40];
  /* the handshake code in use */
  char handshakeCode[256];
  /* the organization it belongs to */
  char organizationID[256];
  /* the license item that usage counts on */
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
  /* the kind of event (LTS_EventKind) */
  int32_t kind;
  /* the result (LTS_StatusCode) */
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

/* The text of a status code for people, in English. Texts may change; compare the number.
 * Static memory. Never fails. */
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

/* Asks the License Tracking Server for an authorization and starts metering.
 *
 * It asks the main server first, and the standby server if the main one can't be reached
 * (or is under maintenance). If neither answers, it uses the authorization that one of
 * them granted before, as long as that is valid, and sets LTS_STATE_CACHE_USED: a flag,
 * not an error. A refusal that the server signed is final; if an answer is neither that
 * nor an authorization, the server counts as not reached. After the clock was set back,
 * the cached authorization can't be used until a server is reached.
 *
 * In the background, the library then submits usage that is left over at once and new
 * usage every slotSeconds. Once a day it asks the server again, so that a renewal,
 * another quota or a revocation takes effect without a restart. If the server refuses
 * then, LTS_STATE_AUTHORIZATION_LAPSED is set and there is an event; recording continues.
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

/* The same with a license key: "LTS1" followed by base64 of a JSON object with the fields
 * of LTS_ConnectionParameters (such as {"mainServerURL":...,"handshakeCode":...}). `lts
 * handshake key` prints one. The function also accepts keys in the vendor's format,
 * "DLS2" and base64.
 *
 * parameters  what the key does not say; NULL for the defaults. A
 *             serverPublicKey in them stays: with a license key of another
 *             server, the call returns LTS_ERR_SERVER_KEY_MISMATCH
 * Everything else as LTS_InitLicenseFromLTS. */
LTS_API int32_t LTS_CALL LTS_InitLicense(const char *licenseKey,
                                         const LTS_ConnectionParameters *parameters,
                                         LTS_License *license, char *errorMessage,
                                         int32_t errorMessageLength);

/* Defines an operation type that LTS_OperationType does not list, by its name.
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
 * This takes nanoseconds: no lock, no memory allocation, no system call, and not a single
 * instruction of Go. Once the function has returned LTS_OK, the operations are counted
 * exactly once, even if the process is killed in the next instant. They count in the time
 * slot of the current wall-clock time. If the clock is wrong by a day or more, and
 * somebody corrects it before they are submitted, they move to the right slot.
 *
 * operationType  LTS_OperationType, or one defined by LTS_DefineOperationType
 * count          0 or more; 0 does nothing
 * Returns LTS_OK; LTS_ERR_NO_LICENSE (the handle is 0), LTS_ERR_INVALID_HANDLE,
 * LTS_ERR_UNKNOWN_OPERATION_TYPE, LTS_ERR_INVALID_ARGUMENT (count is negative).
 * On an error nothing is counted. May be called in a forked process. */
LTS_API int32_t LTS_CALL LTS_RecordOperation(LTS_License license, int32_t operationType,
                                             int32_t count);

/* Records operations done at a given time: seconds since 1970 (UTC), at most 30 days ago
 * and not in the future.
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

/* Submits everything recorded so far, including the current slot and reports that failed
 * before.
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

/* Returns what is known about a license.
 *
 * Reads the data directory; does not use the network. The usage contains everything that
 * any process recorded in this data directory before the call, submitted or not. If this
 * process can't read the directory any more, because it became another user or changed
 * its root, the usage lacks what other processes recorded in slots that have not ended. A
 * license in memory has only its own usage. If the directory can't be read in time,
 * because another process holds it, the usage is that of the last successful read plus
 * what this license has recorded since, and LTS_STATE_STORAGE_DEGRADED is set.
 *
 * Blocks for 2 seconds at most. Returns LTS_OK; LTS_ERR_INVALID_ARGUMENT (NULL, or
 * structSize smaller than that of the first version), LTS_ERR_INVALID_HANDLE,
 * LTS_ERR_DEADLINE_EXCEEDED (the disk hangs), LTS_ERR_HOST_RESOURCES, LTS_ERR_FORKED,
 * LTS_ERR_INTERNAL. */
LTS_API int32_t LTS_CALL LTS_GetLicenseInfo(LTS_License license, LTS_LicenseInfo *info);

/* Returns the client UUID that the device uses with these parameters, and creates it if
 * there is none yet. Needs no license.
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

/* Ends metering: submits what was recorded, and closes the license. Nothing is lost,
 * whatever it returns: what can't be submitted in time stays in the data directory for
 * the next start.
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
