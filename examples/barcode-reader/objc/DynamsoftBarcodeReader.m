#import "DynamsoftBarcodeReader.h"

#include "BarcodeReader.h"

// The License Tracking Server of the vendor, used unless the SDK's user names another.
static NSString *hostedServerURL = @"https://lts.example.com";
static NSString *licenseCachePath;
static NSInteger usualChargeWay = LTS_CW_AUTO;

static NSError *failure(NSInteger code, NSString *message) {
  return [NSError errorWithDomain:@"DynamsoftBarcodeReader"
                             code:code
                         userInfo:[NSDictionary dictionaryWithObject:message
                                                              forKey:NSLocalizedDescriptionKey]];
}

@implementation iTextResult
@synthesize operationType = _operationType;
@synthesize barcodeText = _barcodeText;

- (instancetype)initWithType:(NSInteger)type text:(NSString *)text {
  self = [super init];
  if (self != nil) {
    _operationType = type;
    _barcodeText = [text copy];
  }
  return self;
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  [_barcodeText release];
  [super dealloc];
}
#endif
@end

@implementation DynamsoftBarcodeReader

+ (void)setLicenseCachePath:(NSString *)directory {
  licenseCachePath = [directory copy];
}

+ (void)setHostedServerURL:(NSString *)url {
  hostedServerURL = [url copy];
}

+ (void)setUsualChargeWay:(NSInteger)chargeWay {
  usualChargeWay = chargeWay;
}

- (instancetype)initLicenseFromLTS:(iDMLTSConnectionParameters *)parameters
              verificationDelegate:(id)delegate {
  self = [super init];
  if (self == nil) {
    return nil;
  }
  iDMLTSConnectionParameters *all =
      parameters != nil ? parameters : [[iDMLTSConnectionParameters alloc] init];
  if ([all.mainServerURL length] == 0) {
    all.mainServerURL = hostedServerURL;
  }
  if (all.chargeWay == LTS_CW_AUTO) {
    all.chargeWay = usualChargeWay;
  }
  if (all.dataDirectory == nil) {
    all.dataDirectory = licenseCachePath;
  }
  all.products = LTS_PROD_DBR;
  all.productVersion = @"1.0.0";
  all.edition = @"Objective-C";
  [LTSLicense openWithParameters:all
                      completion:^(LTSLicense *license, NSError *error) {
                        [self take:license];
                        [delegate LTSLicenseVerificationCallback:license != nil error:error];
                      }];
#if !__has_feature(objc_arc)
  if (parameters == nil) {
    [all release];
  }
#endif
  return self;
}

- (void)take:(LTSLicense *)license {
  @synchronized(self) {
#if !__has_feature(objc_arc)
    [license retain];
    [_license release];
#endif
    _license = license;
  }
}

- (LTSLicense *)license {
  @synchronized(self) {
#if __has_feature(objc_arc)
    return _license;
#else
    return [[_license retain] autorelease];
#endif
  }
}

- (NSArray *)decodeFileWithName:(NSString *)path error:(NSError **)error {
  LTSLicense *license = [self license];
  if (license == nil) {
    if (error != NULL) {
      *error = failure(LTS_ERR_NO_LICENSE,
                       @"No license specified: wait for the delegate before decoding.");
    }
    return nil;
  }
  enum { CAPACITY = 64 };
  NSMutableData *memory = [NSMutableData dataWithLength:CAPACITY * sizeof(BR_Result)];
  BR_Result *found = [memory mutableBytes];
  const int32_t count = BR_DecodeFile([path UTF8String], found, CAPACITY);
  if (count < 0) {
    if (error != NULL) {
      *error = failure(count, [NSString stringWithFormat:@"%@ can't be decoded.", path]);
    }
    return nil;
  }
  NSMutableArray *results = [NSMutableArray array];
  for (int32_t i = 0; i < count && i < CAPACITY; i++) {
    if (![license recordOperation:found[i].operationType count:1 error:error]) {
      return nil;
    }
    iTextResult *result = [[iTextResult alloc]
        initWithType:found[i].operationType
                text:[NSString stringWithUTF8String:found[i].text]];
    [results addObject:result];
#if !__has_feature(objc_arc)
    [result release];
#endif
  }
  return results;
}

- (void)releaseLicense:(NSTimeInterval)seconds {
  [[self license] closeWithTimeout:seconds];
  [self take:nil];
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  [_license release];
  [super dealloc];
}
#endif
@end
