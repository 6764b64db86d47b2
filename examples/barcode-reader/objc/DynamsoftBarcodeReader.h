// A barcode reader SDK for Objective-C, built the way a vendor would build one: it decodes
// images by the decoder of the SDK in C++, and every barcode it decodes is authorized and
// metered by OpenLTS.
#import "OpenLTSKit/DMLTS.h"

NS_ASSUME_NONNULL_BEGIN

/// One decoded barcode.
@interface iTextResult : NSObject {
 @private
  NSInteger _operationType;
  NSString *_barcodeText;
}
/// The symbology (LTS_OperationType).
@property(nonatomic, readonly) NSInteger operationType;
@property(nonatomic, readonly, copy) NSString *barcodeText;
@end

@interface DynamsoftBarcodeReader : NSObject {
 @private
  LTSLicense *_license;
}

/// Where license and usage are kept; .openlts in the home directory if never called. Before
/// the first reader.
+ (void)setLicenseCachePath:(NSString *)directory;

/// The vendor's own server, used where the parameters name none.
+ (void)setHostedServerURL:(NSString *)url;

/// How this edition is charged, unless the parameters say otherwise: LTS_CW_AUTO.
+ (void)setUsualChargeWay:(NSInteger)chargeWay;

/// Asks for an authorization; until there is one, nothing is decoded. Returns at once; the
/// delegate is told on the main thread.
- (instancetype)initLicenseFromLTS:(nullable iDMLTSConnectionParameters *)parameters
              verificationDelegate:(nullable id)delegate;

/// Decodes all barcodes of an image file (PNG or JPEG), none, one or several. Each is recorded
/// before the results are handed out; nil on an error.
- (nullable NSArray *)decodeFileWithName:(NSString *)path error:(NSError **)error;

/// Submits what was recorded and gives the license back.
- (void)releaseLicense:(NSTimeInterval)seconds;
@end

NS_ASSUME_NONNULL_END
