// What the binding does against a real server; test_objc.py runs it and looks at what the
// server counted.
//
//   binding_test URL KEY DIRECTORY
#import "OpenLTSKit/DMLTS.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                   \
  do {                                                                      \
    if (!(condition)) {                                                     \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);       \
      exit(1);                                                              \
    }                                                                       \
  } while (0)

static NSString *url;
static NSString *directory;

static LTSConnectionParameters *parameters(void) {
  LTSConnectionParameters *p = [[[LTSConnectionParameters alloc] init] autorelease];
  p.mainServerURL = url;
  p.handshakeCode = @"100001-reader";
  p.dataDirectory = directory;
  return p;
}

static void testDefaults(void) {
  LTSConnectionParameters *p = [[[LTSConnectionParameters alloc] init] autorelease];
  EXPECT(p.deploymentType == LTS_DT_DESKTOP && p.chargeWay == LTS_CW_AUTO);
  EXPECT(p.UUIDGenerationMethod == LTS_UUIDGM_RANDOM && p.products == LTS_PROD_ALL);
  EXPECT(p.maxBufferDays == 7 && p.maxConcurrentInstanceCount == 1 && p.slotSeconds == 180);
  EXPECT(p.initTimeout == 12 && p.requestTimeout == 5);
  EXPECT(p.mainServerURL == nil && p.limitedLicenseModules == nil);
  iDMLTSConnectionParameters *i = [[[iDMLTSConnectionParameters alloc] init] autorelease];
  i.organizationId = @"100001";
  EXPECT([i.organizationID isEqual:@"100001"]);
}

static void testRefusals(void) {
  NSError *error = nil;
  LTSConnectionParameters *p = parameters();
  p.handshakeCode = @"100001-nobody";
  EXPECT([LTSLicense licenseWithParameters:p error:&error] == nil);
  EXPECT([[error domain] isEqual:LTSErrorDomain] && [error code] == LTS_ERR_HANDSHAKE_CODE_NOT_FOUND);
  EXPECT([[error localizedDescription] rangeOfString:@"does not exist"].location != NSNotFound);
  EXPECT([[[error userInfo] objectForKey:LTSStatusNameKey] isEqual:@"HANDSHAKE_CODE_NOT_FOUND"]);
  EXPECT([LTSLicense licenseWithParameters:p error:NULL] == nil);

  p = parameters();
  p.chargeWay = LTS_CW_DEVICE_COUNT;
  EXPECT([LTSLicense licenseWithParameters:p error:&error] == nil);
  EXPECT([[error localizedDescription] isEqual:@"ChargeWay for licenseItem is not matched."]);

  p = parameters();
  p.handshakeCode = [NSString stringWithFormat:@"100001-reader%Cx", (unichar)0];
  EXPECT([LTSLicense licenseWithParameters:p error:&error] == nil);
  EXPECT([error code] == LTS_ERR_INVALID_ARGUMENT);
  EXPECT([[error localizedDescription] rangeOfString:@"handshakeCode"].location != NSNotFound);

  p = parameters();
  p.maxBufferDays = (NSInteger)1 << 40;
  EXPECT([LTSLicense licenseWithParameters:p error:&error] == nil);
  EXPECT([error code] == LTS_ERR_INVALID_ARGUMENT);
}

static void testLicense(void) {
  NSError *error = nil;
  LTSConnectionParameters *p = parameters();
  p.limitedLicenseModules = [NSArray arrayWithObjects:[NSNumber numberWithInt:LTS_LM_QR_CODE],
                                                      [NSNumber numberWithInt:LTS_LM_PDF417], nil];
  LTSLicense *license = [LTSLicense licenseWithParameters:p error:&error];
  EXPECT(license != nil && license.handle != 0);
  EXPECT([license recordOperation:LTS_OT_QR_CODE count:3 error:&error]);
  EXPECT(![license recordOperation:LTS_OT_QR_CODE count:-1 error:&error]);
  EXPECT([error code] == LTS_ERR_INVALID_ARGUMENT);
  EXPECT(![license recordOperation:127 count:1 error:&error]);
  EXPECT([error code] == LTS_ERR_UNKNOWN_OPERATION_TYPE);
  EXPECT([license recordOperation:LTS_OT_EAN_13
                            count:2
                               at:[NSDate dateWithTimeIntervalSinceNow:-86400]
                            error:&error]);
  EXPECT(![license recordOperation:LTS_OT_EAN_13
                             count:2
                                at:[NSDate dateWithTimeIntervalSinceNow:86400]
                             error:&error]);
  EXPECT([error code] == LTS_ERR_TIME_OUT_OF_RANGE);
  const NSInteger type = [license defineOperationType:@"MRZ" error:&error];
  EXPECT(type >= 128 && [license defineOperationType:@"MRZ" error:NULL] == type);
  EXPECT([license defineOperationType:@"no name" error:&error] == -1);
  EXPECT([license recordOperation:type count:1 error:&error]);
  EXPECT([license submitWithTimeout:10 error:&error]);
  LTSEvent *event = [license nextEventWithTimeout:10];
  EXPECT(event != nil && event.kind == LTS_EVENT_SUBMITTED && event.units == 6);
  EXPECT([event.time timeIntervalSinceNow] < 60 && [event.message length] > 0);

  LTSLicenseInfo *info = [license infoWithError:&error];
  EXPECT(info.statusCode == LTS_OK && info.recorded == 6 && info.accepted == 6 && info.pending == 0);
  EXPECT([info.handshakeCode isEqual:@"100001-reader"] && [info.itemID isEqual:@"scans"]);
  EXPECT([info permitsModule:LTS_LM_QR_CODE] && ![info permitsModule:LTS_LM_AZTEC]);
  EXPECT(info.quotaLimit == 1000000 && info.authorizedAt != nil && [info.deviceUUID length] == 36);
  EXPECT([[LTSLicense deviceUUIDWithParameters:p error:&error] isEqual:info.deviceUUID]);

  EXPECT([license closeWithTimeout:10] == LTS_OK && [license closeWithTimeout:0] == LTS_OK);
  EXPECT(![license recordOperation:LTS_OT_QR_CODE count:1 error:&error]);
  EXPECT([error code] == LTS_ERR_INVALID_HANDLE);
}

static void testKey(NSString *key) {
  NSError *error = nil;
  LTSLicense *license = [LTSLicense licenseWithKey:key parameters:parameters() error:&error];
  EXPECT(license != nil);
  EXPECT([license closeWithTimeout:0] == LTS_OK);
  EXPECT([LTSLicense licenseWithKey:@"LTS1?" parameters:nil error:&error] == nil);
  EXPECT([error code] == LTS_ERR_INVALID_ARGUMENT);
}

static void testForgotten(void) {
  LTS_License handle;
  @autoreleasepool {
    LTSLicense *license = [LTSLicense licenseWithParameters:parameters() error:NULL];
    handle = license.handle;
    EXPECT(LTS_RecordOperation(handle, LTS_OT_QR_CODE, 0) == LTS_OK);
  }
  EXPECT(LTS_RecordOperation(handle, LTS_OT_QR_CODE, 0) == LTS_ERR_INVALID_HANDLE);
}

static void testCompletion(void) {
  __block int calls = 0;
  __block BOOL opened = NO;
  __block NSInteger refused = 0;
  [LTSLicense openWithParameters:parameters()
                      completion:^(LTSLicense *license, NSError *error) {
                        EXPECT([NSThread isMainThread]);
                        opened = license != nil && error == nil;
                        calls++;
                      }];
  LTSConnectionParameters *p = parameters();
  p.handshakeCode = @"100001-nobody";
  [LTSLicense openWithParameters:p
                      completion:^(LTSLicense *license, NSError *error) {
                        EXPECT(license == nil);
                        refused = [error code];
                        calls++;
                      }];
  EXPECT(calls == 0);
  NSDate *end = [NSDate dateWithTimeIntervalSinceNow:30];
  while (calls < 2 && [end timeIntervalSinceNow] > 0) {
    [[NSRunLoop currentRunLoop] runUntilDate:[NSDate dateWithTimeIntervalSinceNow:0.05]];
  }
  EXPECT(calls == 2 && opened && refused == LTS_ERR_HANDSHAKE_CODE_NOT_FOUND);
}

int main(int argc, char **argv) {
  @autoreleasepool {
    EXPECT(argc == 4);
    url = [NSString stringWithUTF8String:argv[1]];
    directory = [NSString stringWithUTF8String:argv[3]];
    testDefaults();
    testRefusals();
    testLicense();
    testKey([NSString stringWithUTF8String:argv[2]]);
    testForgotten();
    testCompletion();
  }
  return 0;
}
