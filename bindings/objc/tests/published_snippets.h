// What the published snippets for iOS take for granted, and how a test runs them.
#import "DynamsoftBarcodeReader.h"

// libdispatch belongs to Apple's systems; here the main thread's run loop does the same.
typedef NSThread *dispatch_queue_t;
dispatch_queue_t dispatch_get_main_queue(void);
void dispatch_async(dispatch_queue_t queue, void (^block)(void));

// The class that the snippets are a part of.
@interface Snippet : NSObject <DMLTSLicenseVerificationDelegate> {
 @public
  id m_verificationReceiver;
  SEL m_verificationCallback;
  DynamsoftBarcodeReader *_dbr;
}

// The statements of a snippet.
- (void)run;
@end

// The classes made of the snippets, with nil at the end.
extern NSString *const snippetClasses[];
