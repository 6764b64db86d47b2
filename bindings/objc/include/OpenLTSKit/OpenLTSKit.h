// OpenLTS for Objective-C: license authorization and usage metering for native SDKs.
//
// A layer over the C ABI (openlts/openlts.h, which documents every detail). Numbers are
// those of openlts/definitions.h: LTS_OT_QR_CODE, LTS_STATE_TRIAL and so on. Works with
// and without ARC.
#import <Foundation/Foundation.h>

#include "openlts/openlts.h"

NS_ASSUME_NONNULL_BEGIN

/// The domain of every error here. The code is a status code (LTS_StatusCode), and
/// localizedDescription one line that says what happened, to what, and what to do.
extern NSString *const LTSErrorDomain;

/// The stable name of a status code in an error's userInfo, such as "LIMIT_EXCEEDED".
extern NSString *const LTSStatusNameKey;

/// How to reach the License Tracking Server, and what to ask of it. A new object has the
/// library's defaults. Read during a call and never kept.
@interface LTSConnectionParameters : NSObject {
 @private
  // generated: ConnectionParameters_variables
  NSString *_mainServerURL;
  NSString *_standbyServerURL;
  NSString *_handshakeCode;
  NSString *_sessionPassword;
  NSString *_organizationID;
  NSInteger _deploymentType;
  NSInteger _chargeWay;
  NSInteger _UUIDGenerationMethod;
  NSInteger _maxBufferDays;
  NSArray *_limitedLicenseModules;
  NSInteger _maxConcurrentInstanceCount;
  NSInteger _products;
  NSInteger _resubmit;
  NSString *_productVersion;
  NSString *_edition;
  NSString *_validationField;
  NSString *_deviceFriendlyName;
  NSString *_deviceUUID;
  NSString *_serverPublicKey;
  NSString *_caFile;
  NSString *_proxyURL;
  NSString *_dataDirectory;
  NSInteger _slotSeconds;
  NSTimeInterval _initTimeout;
  NSTimeInterval _requestTimeout;
  // generated: end
}
// generated: ConnectionParameters_properties
/// http(s)://host[:port][/path]; required.
@property(nonatomic, copy, nullable) NSString *mainServerURL;
/// Used if the main server can't be reached.
@property(nonatomic, copy, nullable) NSString *standbyServerURL;
/// Required, unless organizationID is set; both may be set.
@property(nonatomic, copy, nullable) NSString *handshakeCode;
/// The session password of the code, if it has one.
@property(nonatomic, copy, nullable) NSString *sessionPassword;
/// Without handshakeCode: the organization's default code is used.
@property(nonatomic, copy, nullable) NSString *organizationID;
/// Where the SDK runs (LTS_DeploymentType); LTS_DT_DESKTOP by default.
@property(nonatomic) NSInteger deploymentType;
/// How usage is to be charged (LTS_ChargeWay); LTS_CW_AUTO by default.
@property(nonatomic) NSInteger chargeWay;
/// How the client UUID is made (LTS_UUIDGenerationMethod); LTS_UUIDGM_RANDOM by default.
@property(nonatomic) NSInteger UUIDGenerationMethod;
/// How many days an authorization may be used without the server; 0 to 6 count as 7; the license
/// may allow fewer.
@property(nonatomic) NSInteger maxBufferDays;
/// The modules to ask for (LTS_LicenseModule); nil: all.
@property(nonatomic, copy, nullable) NSArray *limitedLicenseModules;
/// How many instances this machine will use at once, 1 to 1,000,000; matters only for licenses
/// charged by instances.
@property(nonatomic) NSInteger maxConcurrentInstanceCount;
/// May be combined (LTS_Product); LTS_PROD_ALL by default.
@property(nonatomic) NSInteger products;
/// When a report whose submission failed is tried again (LTS_Resubmit); LTS_RESUBMIT_NEXT_INIT by
/// default.
@property(nonatomic) NSInteger resubmit;
/// The version of the SDK, such as "10.2.1".
@property(nonatomic, copy, nullable) NSString *productVersion;
/// The edition of the SDK, such as "Python".
@property(nonatomic, copy, nullable) NSString *edition;
/// Domain, application id or process name; the server may check it.
@property(nonatomic, copy, nullable) NSString *validationField;
/// Shown to administrators.
@property(nonatomic, copy, nullable) NSString *deviceFriendlyName;
/// A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits.
@property(nonatomic, copy, nullable) NSString *deviceUUID;
/// The server's Ed25519 key in base64, as lts key show prints it: the library believes no other
/// server; if empty, it remembers the first key it sees.
@property(nonatomic, copy, nullable) NSString *serverPublicKey;
/// PEM file with the root certificates to trust for HTTPS; if empty, those of the machine
/// (SSL_CERT_FILE is ignored).
@property(nonatomic, copy, nullable) NSString *caFile;
/// http(s)://[user:password@]host:port
@property(nonatomic, copy, nullable) NSString *proxyURL;
/// Where usage and the identity of the device are kept; if empty, .openlts in the user's home
/// directory, or on Windows OpenLTS in the user's local application data. If nothing can be kept
/// there, as in a container without a volume, each start is a new device, which counts for a day at
/// most (set deviceUUID).
@property(nonatomic, copy, nullable) NSString *dataDirectory;
/// Length of a time slot and of the reporting interval in seconds; must divide a day.
@property(nonatomic) NSInteger slotSeconds;
/// For the whole initialization (seconds).
@property(nonatomic) NSTimeInterval initTimeout;
/// For one request to a server (seconds).
@property(nonatomic) NSTimeInterval requestTimeout;
// generated: end
@end

/// What was known of a license when it was asked.
@interface LTSLicenseInfo : NSObject {
 @private
  // generated: LicenseInfo_variables
  uint32_t _stateFlags;
  NSInteger _statusCode;
  NSInteger _chargeWay;
  NSInteger _slotSeconds;
  NSDate *_authorizedAt;
  NSDate *_validUntil;
  NSDate *_bufferUntil;
  int64_t _quotaLimit;
  int64_t _quotaUsed;
  uint64_t _modules;
  int64_t _recorded;
  int64_t _accepted;
  int64_t _pending;
  int64_t _lost;
  int64_t _lostExpired;
  int64_t _lostRefused;
  int64_t _lostStorage;
  NSString *_deviceUUID;
  NSString *_runUUID;
  NSString *_handshakeCode;
  NSString *_organizationID;
  NSString *_itemID;
  NSString *_statusMessage;
  // generated: end
}
// generated: LicenseInfo_properties
/// The state of the license, flags combined (LTS_StateFlag).
@property(nonatomic, readonly) uint32_t stateFlags;
/// Of the latest authorization: OK, or LICENSE_CACHE_USED with the reason in statusMessage
/// (LTS_StatusCode).
@property(nonatomic, readonly) NSInteger statusCode;
/// Of the license item (LTS_ChargeWay).
@property(nonatomic, readonly) NSInteger chargeWay;
/// Length of a time slot.
@property(nonatomic, readonly) NSInteger slotSeconds;
/// When the server granted the authorization (nil if there is none).
@property(nonatomic, readonly, retain, nullable) NSDate *authorizedAt;
/// When the license itself ends (nil if there is none).
@property(nonatomic, readonly, retain, nullable) NSDate *validUntil;
/// Until when it may be used without the server (nil if there is none).
@property(nonatomic, readonly, retain, nullable) NSDate *bufferUntil;
/// Units the license item allows; -1: not limited.
@property(nonatomic, readonly) int64_t quotaLimit;
/// As last heard from the server.
@property(nonatomic, readonly) int64_t quotaUsed;
/// The modules that may be used: the license item permits them, and they were asked for (bit n is
/// LTS_LicenseModule n).
@property(nonatomic, readonly) uint64_t modules;
/// Units recorded on this device by all that share the data directory; always: recorded = accepted
/// + pending + lost.
@property(nonatomic, readonly) int64_t recorded;
/// Accepted by the server, with a verified receipt.
@property(nonatomic, readonly) int64_t accepted;
/// Kept here, not accepted yet.
@property(nonatomic, readonly) int64_t pending;
/// Lost and declared: the sum of the following.
@property(nonatomic, readonly) int64_t lost;
/// Not submitted within 30 days.
@property(nonatomic, readonly) int64_t lostExpired;
/// Refused by the server.
@property(nonatomic, readonly) int64_t lostRefused;
/// Lost with a damaged or deleted ledger.
@property(nonatomic, readonly) int64_t lostStorage;
/// The client UUID.
@property(nonatomic, readonly, copy) NSString *deviceUUID;
/// The id of this opening of the license, as the server knows it.
@property(nonatomic, readonly, copy) NSString *runUUID;
/// The handshake code in use.
@property(nonatomic, readonly, copy) NSString *handshakeCode;
/// The organization it belongs to.
@property(nonatomic, readonly, copy) NSString *organizationID;
/// The license item that usage counts on.
@property(nonatomic, readonly, copy) NSString *itemID;
/// Belongs to statusCode.
@property(nonatomic, readonly, copy) NSString *statusMessage;
// generated: end

/// Whether the license permits a module (LTS_LicenseModule).
- (BOOL)permitsModule:(NSInteger)module;
@end

/// Something that happened to a license.
@interface LTSEvent : NSObject {
 @private
  // generated: Event_variables
  NSInteger _kind;
  NSInteger _statusCode;
  uint32_t _stateFlags;
  NSDate *_time;
  int64_t _units;
  NSString *_message;
  // generated: end
}
// generated: Event_properties
/// The kind of event (LTS_EventKind).
@property(nonatomic, readonly) NSInteger kind;
/// The result (LTS_StatusCode).
@property(nonatomic, readonly) NSInteger statusCode;
/// The state of the license after the event, flags combined (LTS_StateFlag).
@property(nonatomic, readonly) uint32_t stateFlags;
/// When it happened.
@property(nonatomic, readonly, retain) NSDate *time;
/// Units concerned, or 0.
@property(nonatomic, readonly) int64_t units;
/// What happened, for people.
@property(nonatomic, readonly, copy) NSString *message;
// generated: end
@end

@class LTSLicense;

/// How an authorization ended: a license, or an error.
typedef void (^LTSCompletion)(LTSLicense *_Nullable license, NSError *_Nullable error);

/// A license in use. Closed when it is let go, without using the network: what it recorded
/// is submitted at the next start. Every method may be called on any thread.
@interface LTSLicense : NSObject {
 @private
  LTS_License _handle;
}

/// Asks the License Tracking Server for an authorization and begins metering. Blocks for
/// parameters.initTimeout at most: not for the main thread.
+ (nullable instancetype)licenseWithParameters:(LTSConnectionParameters *)parameters
                                         error:(NSError **)error;

/// The same with one string, which `lts handshake key` prints; the parameters say what the
/// key does not.
+ (nullable instancetype)licenseWithKey:(NSString *)key
                             parameters:(nullable LTSConnectionParameters *)parameters
                                  error:(NSError **)error;

/// The same on a thread of its own. Returns at once; the completion is called on the main
/// thread.
+ (void)openWithParameters:(LTSConnectionParameters *)parameters
                completion:(LTSCompletion)completion;

/// The client UUID the device would use with these parameters. Needs no license.
+ (nullable NSString *)deviceUUIDWithParameters:(nullable LTSConnectionParameters *)parameters
                                          error:(NSError **)error;

/// The number by which C code in this process knows the license.
@property(nonatomic, readonly) LTS_License handle;

/// Records successful operations, done now. Counted exactly once, even if the process is
/// killed in the next instant. Does not block.
- (BOOL)recordOperation:(NSInteger)type count:(NSInteger)count error:(NSError **)error;

/// Records operations done up to 30 days ago. Blocks for a write to the data directory.
- (BOOL)recordOperation:(NSInteger)type
                  count:(NSInteger)count
                     at:(NSDate *)time
                  error:(NSError **)error;

/// The number of an operation type that LTS_OperationType does not list; -1 on an error.
- (NSInteger)defineOperationType:(NSString *)name error:(NSError **)error;

/// Submits everything now. NO if anything is left, which is kept.
- (BOOL)submitWithTimeout:(NSTimeInterval)seconds error:(NSError **)error;

/// Waits for the next event, for a minute at most; nil if there is none.
- (nullable LTSEvent *)nextEventWithTimeout:(NSTimeInterval)seconds;

/// What is known of the license; nil after it was closed.
- (nullable LTSLicenseInfo *)infoWithError:(NSError **)error;

/// Submits what was recorded and ends. LTS_OK, or LTS_ERR_REPORTS_PENDING or
/// LTS_ERR_DEADLINE_EXCEEDED if reports stay for the next start; nothing is lost. Closing
/// again does nothing.
- (NSInteger)closeWithTimeout:(NSTimeInterval)seconds;
@end

NS_ASSUME_NONNULL_END
