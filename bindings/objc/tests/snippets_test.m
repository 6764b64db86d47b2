// Runs the published snippets against a real server, then decodes an image.
//
//   snippets_test URL DIRECTORY IMAGE
#import "published_snippets.h"

#include <Block.h>
#include <stdio.h>
#include <stdlib.h>

NSString *theServer;

@interface Work : NSObject {
 @private
  void (^_block)(void);
}
@end

@implementation Work
- (instancetype)initWithBlock:(void (^)(void))block {
  self = [super init];
  _block = Block_copy(block);
  return self;
}
- (void)run {
  _block();
}
- (void)dealloc {
  Block_release(_block);
  [super dealloc];
}
@end

dispatch_queue_t dispatch_get_main_queue(void) { return [NSThread mainThread]; }

void dispatch_async(dispatch_queue_t queue, void (^block)(void)) {
  Work *work = [[[Work alloc] initWithBlock:block] autorelease];
  (void)queue;
  [work performSelectorOnMainThread:@selector(run) withObject:nil waitUntilDone:NO];
}

@implementation Snippet
- (void)run {
}
- (void)LTSLicenseVerificationCallback:(bool)isSuccess error:(NSError *)error {
  (void)isSuccess;
  (void)error;
}
@end

// Whom the snippets tell.
@interface Receiver : NSObject {
 @public
  NSNumber *success;
  NSError *error;
}
@end

@implementation Receiver
- (void)verified:(NSNumber *)isSuccess error:(NSError *)anError {
  success = [isSuccess retain];
  error = [anError retain];
}
@end

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static Receiver *told(Snippet *snippet) {
  Receiver *receiver = [[Receiver alloc] init];
  snippet->m_verificationReceiver = receiver;
  snippet->m_verificationCallback = @selector(verified:error:);
  [snippet run];
  NSDate *end = [NSDate dateWithTimeIntervalSinceNow:30];
  while (snippet->_dbr != nil && receiver->success == nil && [end timeIntervalSinceNow] > 0) {
    [[NSRunLoop currentRunLoop] runUntilDate:[NSDate dateWithTimeIntervalSinceNow:0.05]];
  }
  return receiver;
}

int main(int argc, char **argv) {
  @autoreleasepool {
    if (argc != 4) {
      fail("usage: snippets_test URL DIRECTORY IMAGE");
    }
    theServer = [[NSString alloc] initWithUTF8String:argv[1]];
    [DynamsoftBarcodeReader setLicenseCachePath:[NSString stringWithUTF8String:argv[2]]];
    [DynamsoftBarcodeReader setHostedServerURL:theServer];
    DynamsoftBarcodeReader *reader = nil;
    for (size_t i = 0; snippetClasses[i] != nil; i++) {
      Snippet *snippet = [[NSClassFromString(snippetClasses[i]) alloc] init];
      Receiver *receiver = told(snippet);
      if (snippet->_dbr == nil) {
        continue; // a snippet that only sets parameters
      }
      if (![receiver->success boolValue] || receiver->error != nil) {
        fail([[receiver->error description] UTF8String]);
      }
      reader = snippet->_dbr;
    }
    // Refused, the same methods are called.
    [DynamsoftBarcodeReader setUsualChargeWay:LTS_CW_DEVICE_COUNT];
    Snippet *refused = [[NSClassFromString(@"Snippet2") alloc] init];
    Receiver *receiver = told(refused);
    if ([receiver->success boolValue] || [receiver->error code] != LTS_ERR_CHARGE_WAY_MISMATCH) {
      fail("the other charge way was not refused");
    }
    NSError *error = nil;
    if ([refused->_dbr decodeFileWithName:@"x.png" error:&error] != nil ||
        [error code] != LTS_ERR_NO_LICENSE) {
      fail("decoded without a license");
    }
    NSArray *results = [reader decodeFileWithName:[NSString stringWithUTF8String:argv[3]]
                                            error:&error];
    if ([results count] != 1) {
      fail([[error description] UTF8String]);
    }
    [reader releaseLicense:10];
  }
  return 0;
}
