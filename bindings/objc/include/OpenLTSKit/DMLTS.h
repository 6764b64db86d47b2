// The names that published code for iOS has, for SDKs which keep them.
#import "OpenLTSKit/OpenLTSKit.h"

#include <stdbool.h>

NS_ASSUME_NONNULL_BEGIN

/// LTSConnectionParameters by another name, and with a second spelling.
@interface iDMLTSConnectionParameters : LTSConnectionParameters

/// The same as organizationID.
@property(nonatomic, copy, nullable) NSString *organizationId;
@end

/// Who wants to know how an authorization ended. Called once, on the main thread.
@protocol DMLTSLicenseVerificationDelegate <NSObject>
- (void)LTSLicenseVerificationCallback:(bool)isSuccess error:(NSError *_Nullable)error;
@end

NS_ASSUME_NONNULL_END
