#import "OpenLTSKit/OpenLTSKit.h"

#include <math.h>
#include <stdlib.h>

NSString *const LTSErrorDomain = @"org.openlts.OpenLTS";
NSString *const LTSStatusNameKey = @"LTSStatusName";

#if __has_feature(objc_arc)
#define LTSRetained(object) (object)
#else
#define LTSRetained(object) [(object) retain]
#endif

// Not every runtime knows blocks as objects.
#if __has_feature(objc_arc)
#define LTSCopied(block) [(block) copy]
#else
#include <Block.h>
#define LTSCopied(block) Block_copy(block)
#endif

static NSString *LTSString(const char *text) {
  // A text that was cut within a character is none of UTF-8's.
  NSString *string = [NSString stringWithUTF8String:text];
  return string != nil ? string : @"";
}

static NSDate *LTSDate(int64_t seconds) {
  return seconds == 0 ? nil : [NSDate dateWithTimeIntervalSince1970:(NSTimeInterval)seconds];
}

static void LTSFail(NSError **error, int32_t status, NSString *message) {
  if (error == NULL) {
    return;
  }
  if ([message length] == 0) {
    message = LTSString(LTS_StatusMessage(status));
  }
  NSDictionary *about =
      [NSDictionary dictionaryWithObjectsAndKeys:message, NSLocalizedDescriptionKey,
                                                 LTSString(LTS_StatusName(status)),
                                                 LTSStatusNameKey, nil];
  *error = [NSError errorWithDomain:LTSErrorDomain code:status userInfo:about];
}

static BOOL LTSCheck(int32_t status, NSError **error) {
  if (status == LTS_OK) {
    return YES;
  }
  LTSFail(error, status, nil);
  return NO;
}

// A number that needs more than 32 bits becomes one that the library refuses.
static int32_t LTSInt32(NSInteger number) {
  return number < INT32_MIN || number > INT32_MAX ? INT32_MIN : (int32_t)number;
}

static int32_t LTSMilliseconds(NSTimeInterval seconds) {
  const double milliseconds = ceil(seconds * 1000);
  if (!(milliseconds >= 0)) {
    return -1;
  }
  return milliseconds > INT32_MAX ? INT32_MAX : (int32_t)milliseconds;
}

// UTF-8 that lives as long as the autorelease pool. *wrong becomes the name of a text with a
// NUL character, which C would take for its end.
static const char *LTSText(NSString *text, NSString *name, NSString **wrong) {
  if (text == nil) {
    return NULL;
  }
  const char *utf8 = [text UTF8String];
  if (utf8 == NULL || strlen(utf8) != [text lengthOfBytesUsingEncoding:NSUTF8StringEncoding]) {
    *wrong = name;
  }
  return utf8;
}

static const int32_t *LTSList(NSArray *numbers, int32_t *count) {
  const NSUInteger size = [numbers count];
  *count = size > INT32_MAX ? INT32_MAX : (int32_t)size;
  NSMutableData *memory = [NSMutableData dataWithLength:(size + 1) * sizeof(int32_t)];
  int32_t *values = [memory mutableBytes];
  for (NSUInteger i = 0; i < size; i++) {
    values[i] = LTSInt32([[numbers objectAtIndex:i] integerValue]);
  }
  return values;
}

@implementation LTSConnectionParameters
// generated: ConnectionParameters_synthesize
@synthesize mainServerURL = _mainServerURL;
@synthesize standbyServerURL = _standbyServerURL;
@synthesize handshakeCode = _handshakeCode;
@synthesize sessionPassword = _sessionPassword;
@synthesize organizationID = _organizationID;
@synthesize deploymentType = _deploymentType;
@synthesize chargeWay = _chargeWay;
@synthesize UUIDGenerationMethod = _UUIDGenerationMethod;
@synthesize maxBufferDays = _maxBufferDays;
@synthesize limitedLicenseModules = _limitedLicenseModules;
@synthesize maxConcurrentInstanceCount = _maxConcurrentInstanceCount;
@synthesize products = _products;
@synthesize resubmit = _resubmit;
@synthesize productVersion = _productVersion;
@synthesize edition = _edition;
@synthesize validationField = _validationField;
@synthesize deviceFriendlyName = _deviceFriendlyName;
@synthesize deviceUUID = _deviceUUID;
@synthesize serverPublicKey = _serverPublicKey;
@synthesize caFile = _caFile;
@synthesize proxyURL = _proxyURL;
@synthesize dataDirectory = _dataDirectory;
@synthesize slotSeconds = _slotSeconds;
@synthesize initTimeout = _initTimeout;
@synthesize requestTimeout = _requestTimeout;
// generated: end

- (instancetype)init {
  self = [super init];
  if (self == nil) {
    return nil;
  }
  LTS_ConnectionParameters defaults;
  LTS_InitLTSConnectionParameters(&defaults, sizeof defaults);
  // generated: defaults
  _deploymentType = defaults.deploymentType;
  _chargeWay = defaults.chargeWay;
  _UUIDGenerationMethod = defaults.UUIDGenerationMethod;
  _maxBufferDays = defaults.maxBufferDays;
  _maxConcurrentInstanceCount = defaults.maxConcurrentInstanceCount;
  _products = defaults.products;
  _resubmit = defaults.resubmit;
  _slotSeconds = defaults.slotSeconds;
  _initTimeout = defaults.initTimeoutMilliseconds / 1000.0;
  _requestTimeout = defaults.requestTimeoutMilliseconds / 1000.0;
  // generated: end
  return self;
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  // generated: ConnectionParameters_release
  [_mainServerURL release];
  [_standbyServerURL release];
  [_handshakeCode release];
  [_sessionPassword release];
  [_organizationID release];
  [_limitedLicenseModules release];
  [_productVersion release];
  [_edition release];
  [_validationField release];
  [_deviceFriendlyName release];
  [_deviceUUID release];
  [_serverPublicKey release];
  [_caFile release];
  [_proxyURL release];
  [_dataDirectory release];
  // generated: end
  [super dealloc];
}
#endif
@end

// The struct of the C interface; its pointers live as long as the autorelease pool.
static BOOL LTSToC(LTSConnectionParameters *p, LTS_ConnectionParameters *c, NSError **error) {
  NSString *wrong = nil;
  LTS_InitLTSConnectionParameters(c, sizeof *c);
  // generated: toC
  c->mainServerURL = LTSText(p.mainServerURL, @"mainServerURL", &wrong);
  c->standbyServerURL = LTSText(p.standbyServerURL, @"standbyServerURL", &wrong);
  c->handshakeCode = LTSText(p.handshakeCode, @"handshakeCode", &wrong);
  c->sessionPassword = LTSText(p.sessionPassword, @"sessionPassword", &wrong);
  c->organizationID = LTSText(p.organizationID, @"organizationID", &wrong);
  c->deploymentType = LTSInt32(p.deploymentType);
  c->chargeWay = LTSInt32(p.chargeWay);
  c->UUIDGenerationMethod = LTSInt32(p.UUIDGenerationMethod);
  c->maxBufferDays = LTSInt32(p.maxBufferDays);
  c->limitedLicenseModules = LTSList(p.limitedLicenseModules, &c->limitedLicenseModulesCount);
  c->maxConcurrentInstanceCount = LTSInt32(p.maxConcurrentInstanceCount);
  c->products = LTSInt32(p.products);
  c->resubmit = LTSInt32(p.resubmit);
  c->productVersion = LTSText(p.productVersion, @"productVersion", &wrong);
  c->edition = LTSText(p.edition, @"edition", &wrong);
  c->validationField = LTSText(p.validationField, @"validationField", &wrong);
  c->deviceFriendlyName = LTSText(p.deviceFriendlyName, @"deviceFriendlyName", &wrong);
  c->deviceUUID = LTSText(p.deviceUUID, @"deviceUUID", &wrong);
  c->serverPublicKey = LTSText(p.serverPublicKey, @"serverPublicKey", &wrong);
  c->caFile = LTSText(p.caFile, @"caFile", &wrong);
  c->proxyURL = LTSText(p.proxyURL, @"proxyURL", &wrong);
  c->dataDirectory = LTSText(p.dataDirectory, @"dataDirectory", &wrong);
  c->slotSeconds = LTSInt32(p.slotSeconds);
  c->initTimeoutMilliseconds = LTSMilliseconds(p.initTimeout);
  c->requestTimeoutMilliseconds = LTSMilliseconds(p.requestTimeout);
  // generated: end
  if (wrong != nil) {
    LTSFail(error, LTS_ERR_INVALID_ARGUMENT,
            [NSString stringWithFormat:@"%@ holds a NUL character.", wrong]);
  }
  return wrong == nil;
}

@interface LTSLicenseInfo ()
- (instancetype)initWithStructure:(const LTS_LicenseInfo *)c;
@end

@implementation LTSLicenseInfo
// generated: LicenseInfo_synthesize
@synthesize stateFlags = _stateFlags;
@synthesize statusCode = _statusCode;
@synthesize chargeWay = _chargeWay;
@synthesize slotSeconds = _slotSeconds;
@synthesize authorizedAt = _authorizedAt;
@synthesize validUntil = _validUntil;
@synthesize bufferUntil = _bufferUntil;
@synthesize quotaLimit = _quotaLimit;
@synthesize quotaUsed = _quotaUsed;
@synthesize modules = _modules;
@synthesize recorded = _recorded;
@synthesize accepted = _accepted;
@synthesize pending = _pending;
@synthesize lost = _lost;
@synthesize lostExpired = _lostExpired;
@synthesize lostRefused = _lostRefused;
@synthesize lostStorage = _lostStorage;
@synthesize deviceUUID = _deviceUUID;
@synthesize runUUID = _runUUID;
@synthesize handshakeCode = _handshakeCode;
@synthesize organizationID = _organizationID;
@synthesize itemID = _itemID;
@synthesize statusMessage = _statusMessage;
// generated: end

- (instancetype)initWithStructure:(const LTS_LicenseInfo *)c {
  self = [super init];
  if (self == nil) {
    return nil;
  }
  // generated: LicenseInfo_fromC
  _stateFlags = c->stateFlags;
  _statusCode = c->statusCode;
  _chargeWay = c->chargeWay;
  _slotSeconds = c->slotSeconds;
  _authorizedAt = LTSRetained(LTSDate(c->authorizedAt));
  _validUntil = LTSRetained(LTSDate(c->validUntil));
  _bufferUntil = LTSRetained(LTSDate(c->bufferUntil));
  _quotaLimit = c->quotaLimit;
  _quotaUsed = c->quotaUsed;
  _modules = c->modules;
  _recorded = c->recorded;
  _accepted = c->accepted;
  _pending = c->pending;
  _lost = c->lost;
  _lostExpired = c->lostExpired;
  _lostRefused = c->lostRefused;
  _lostStorage = c->lostStorage;
  _deviceUUID = LTSRetained(LTSString(c->deviceUUID));
  _runUUID = LTSRetained(LTSString(c->runUUID));
  _handshakeCode = LTSRetained(LTSString(c->handshakeCode));
  _organizationID = LTSRetained(LTSString(c->organizationID));
  _itemID = LTSRetained(LTSString(c->itemID));
  _statusMessage = LTSRetained(LTSString(c->statusMessage));
  // generated: end
  return self;
}

- (BOOL)permitsModule:(NSInteger)module {
  return module >= 0 && module < 64 && (_modules >> module & 1) != 0;
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  // generated: LicenseInfo_release
  [_authorizedAt release];
  [_validUntil release];
  [_bufferUntil release];
  [_deviceUUID release];
  [_runUUID release];
  [_handshakeCode release];
  [_organizationID release];
  [_itemID release];
  [_statusMessage release];
  // generated: end
  [super dealloc];
}
#endif
@end

@interface LTSEvent ()
- (instancetype)initWithStructure:(const LTS_Event *)c;
@end

@implementation LTSEvent
// generated: Event_synthesize
@synthesize kind = _kind;
@synthesize statusCode = _statusCode;
@synthesize stateFlags = _stateFlags;
@synthesize time = _time;
@synthesize units = _units;
@synthesize message = _message;
// generated: end

- (instancetype)initWithStructure:(const LTS_Event *)c {
  self = [super init];
  if (self == nil) {
    return nil;
  }
  // generated: Event_fromC
  _kind = c->kind;
  _statusCode = c->statusCode;
  _stateFlags = c->stateFlags;
  _time = LTSRetained(LTSDate(c->time));
  _units = c->units;
  _message = LTSRetained(LTSString(c->message));
  // generated: end
  return self;
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  // generated: Event_release
  [_time release];
  [_message release];
  // generated: end
  [super dealloc];
}
#endif
@end

#if __has_feature(objc_arc)
#define LTSAutoreleased(object) (object)
#else
#define LTSAutoreleased(object) [(object) autorelease]
#endif

// What a thread takes along that opens a license, and brings back to the main thread.
@interface LTSOpening : NSObject {
 @private
  LTSConnectionParameters *_parameters;
  LTSCompletion _completion;
  LTSLicense *_license;
  NSError *_error;
}
- (instancetype)initWithParameters:(LTSConnectionParameters *)parameters
                        completion:(LTSCompletion)completion;
- (void)open;
@end

@implementation LTSOpening
- (instancetype)initWithParameters:(LTSConnectionParameters *)parameters
                        completion:(LTSCompletion)completion {
  self = [super init];
  if (self != nil) {
    _parameters = LTSRetained(parameters);
    _completion = LTSCopied(completion);
  }
  return self;
}

- (void)open {
  @autoreleasepool {
    NSError *error = nil;
    _license = LTSRetained([LTSLicense licenseWithParameters:_parameters error:&error]);
    _error = LTSRetained(error);
    [self performSelectorOnMainThread:@selector(tell) withObject:nil waitUntilDone:NO];
  }
}

- (void)tell {
  _completion(_license, _license == nil ? _error : nil);
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  [_parameters release];
  Block_release(_completion);
  [_license release];
  [_error release];
  [super dealloc];
}
#endif
@end

@implementation LTSLicense
@synthesize handle = _handle;

// Key is nil for the way without one.
+ (instancetype)open:(NSString *)key
          parameters:(LTSConnectionParameters *)parameters
               error:(NSError **)error {
  char message[256] = "";
  LTS_ConnectionParameters c;
  NSString *wrong = nil;
  if (LTS_ABIVersion() < LTS_ABI_VERSION) {
    LTSFail(error, LTS_ERR_ABI_MISMATCH,
            @"The library libopenlts is older than this program; install the one it was built with.");
    return nil;
  }
  const char *keyText = LTSText(key, @"The license key", &wrong);
  if (wrong != nil) {
    LTSFail(error, LTS_ERR_INVALID_ARGUMENT, @"The license key holds a NUL character.");
    return nil;
  }
  if (parameters != nil && !LTSToC(parameters, &c, error)) {
    return nil;
  }
  LTS_License handle = 0;
  const LTS_ConnectionParameters *given = parameters != nil ? &c : NULL;
  const int32_t status =
      key == nil ? LTS_InitLicenseFromLTS(given, &handle, message, sizeof message)
                 : LTS_InitLicense(keyText, given, &handle, message, sizeof message);
  if (status != LTS_OK) {
    LTSFail(error, status, LTSString(message));
    return nil;
  }
  LTSLicense *license = LTSAutoreleased([[self alloc] init]);
  if (license == nil) {
    LTS_CloseLicense(handle, 0);
    return nil;
  }
  license->_handle = handle;
  return license;
}

+ (instancetype)licenseWithParameters:(LTSConnectionParameters *)parameters
                                error:(NSError **)error {
  return [self open:nil parameters:parameters error:error];
}

+ (instancetype)licenseWithKey:(NSString *)key
                    parameters:(LTSConnectionParameters *)parameters
                         error:(NSError **)error {
  return [self open:key != nil ? key : @"" parameters:parameters error:error];
}

+ (void)openWithParameters:(LTSConnectionParameters *)parameters
                completion:(LTSCompletion)completion {
  LTSOpening *opening =
      LTSAutoreleased([[LTSOpening alloc] initWithParameters:parameters completion:completion]);
  [NSThread detachNewThreadSelector:@selector(open) toTarget:opening withObject:nil];
}

+ (NSString *)deviceUUIDWithParameters:(LTSConnectionParameters *)parameters
                                 error:(NSError **)error {
  char uuid[40] = "";
  LTS_ConnectionParameters c;
  if (parameters != nil && !LTSToC(parameters, &c, error)) {
    return nil;
  }
  return LTSCheck(LTS_GetDeviceUUID(parameters != nil ? &c : NULL, uuid, sizeof uuid), error)
             ? LTSString(uuid)
             : nil;
}

- (BOOL)recordOperation:(NSInteger)type count:(NSInteger)count error:(NSError **)error {
  return LTSCheck(LTS_RecordOperation(_handle, LTSInt32(type), LTSInt32(count)), error);
}

- (BOOL)recordOperation:(NSInteger)type
                  count:(NSInteger)count
                     at:(NSDate *)time
                  error:(NSError **)error {
  const double seconds = floor([time timeIntervalSince1970]);
  const int64_t at = seconds >= 0 && seconds < 1e15 ? (int64_t)seconds : -1;
  return LTSCheck(LTS_RecordOperationAt(_handle, LTSInt32(type), LTSInt32(count), at), error);
}

- (NSInteger)defineOperationType:(NSString *)name error:(NSError **)error {
  NSString *wrong = nil;
  int32_t type = -1;
  const char *text = LTSText(name, @"name", &wrong);
  const int32_t status =
      wrong != nil ? LTS_ERR_INVALID_ARGUMENT : LTS_DefineOperationType(_handle, text, &type);
  return LTSCheck(status, error) ? type : -1;
}

- (BOOL)submitWithTimeout:(NSTimeInterval)seconds error:(NSError **)error {
  return LTSCheck(LTS_SubmitReports(_handle, LTSMilliseconds(seconds)), error);
}

- (LTSEvent *)nextEventWithTimeout:(NSTimeInterval)seconds {
  LTS_Event event = {.structSize = sizeof event};
  if (LTS_PollEvent(_handle, &event, LTSMilliseconds(seconds)) != 1) {
    return nil;
  }
  return LTSAutoreleased([[LTSEvent alloc] initWithStructure:&event]);
}

- (LTSLicenseInfo *)infoWithError:(NSError **)error {
  LTS_LicenseInfo info = {.structSize = sizeof info};
  if (!LTSCheck(LTS_GetLicenseInfo(_handle, &info), error)) {
    return nil;
  }
  return LTSAutoreleased([[LTSLicenseInfo alloc] initWithStructure:&info]);
}

- (NSInteger)closeWithTimeout:(NSTimeInterval)seconds {
  const int32_t status = LTS_CloseLicense(_handle, LTSMilliseconds(seconds));
  return status == LTS_ERR_INVALID_HANDLE ? LTS_OK : status;
}

- (void)dealloc {
  if (_handle != 0) {
    LTS_CloseLicense(_handle, 0);
  }
#if !__has_feature(objc_arc)
  [super dealloc];
#endif
}
@end
