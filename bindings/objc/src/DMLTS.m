#import "OpenLTSKit/DMLTS.h"

@implementation iDMLTSConnectionParameters

- (NSString *)organizationId {
  return self.organizationID;
}

- (void)setOrganizationId:(NSString *)organizationId {
  self.organizationID = organizationId;
}
@end
