package barcodereader;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.DecodeHintType;
import com.google.zxing.MultiFormatReader;
import com.google.zxing.NotFoundException;
import com.google.zxing.Result;
import com.google.zxing.client.j2se.BufferedImageLuminanceSource;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.multi.GenericMultipleBarcodeReader;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import javax.imageio.ImageIO;
import org.openlts.ConnectionParameters;
import org.openlts.LTSException;
import org.openlts.License;
import org.openlts.Product;
import org.openlts.StatusCode;

/**
 * Decodes the barcodes of image files, and records each of them. The license belongs to the process:
 * initialize it once, then make as many readers as wanted. May be used by several threads.
 */
public final class BarcodeReader {
    private static final String VERSION = "1.0.0";
    private static final Map<DecodeHintType, ?> HINTS = Collections.singletonMap(DecodeHintType.TRY_HARDER, true);

    /** The License Tracking Server of the vendor, used unless the SDK's user names another. */
    static String hostedServerURL = "https://lts.example.com";

    private static volatile String licenseCachePath;
    private static volatile License license;

    /** Fresh parameters with the SDK's defaults. */
    public static DMLTSConnectionParameters initLTSConnectionParameters() {
        return new DMLTSConnectionParameters(sdkParameters());
    }

    /**
     * Where license and usage are kept, for hosts whose home directory is not writable or not kept;
     * .openlts in the home directory if never called. To be called before initLicenseFromLTS.
     */
    public static void setLicenseCachePath(String directory) {
        licenseCachePath = directory;
    }

    /** What this SDK asks for. */
    private static ConnectionParameters sdkParameters() {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.mainServerURL = hostedServerURL;
        parameters.products = Product.DBR;
        parameters.productVersion = VERSION;
        parameters.edition = "Java";
        parameters.dataDirectory = licenseCachePath;
        return parameters;
    }

    /**
     * Gets the process authorized; until then nothing is decoded. A second call replaces the license; if
     * it fails the first stays. Blocks for 12 seconds at most.
     *
     * @throws BarcodeReaderException the License Tracking Server refused, or none could be reached
     */
    public static synchronized void initLicenseFromLTS(DMLTSConnectionParameters parameters)
            throws BarcodeReaderException {
        ConnectionParameters all = sdkParameters();
        parameters.copyTo(all);
        License old = license;
        try {
            license = License.fromLTS(all);
        } catch (LTSException e) {
            throw new BarcodeReaderException(e.getStatus(), e.getMessage(), e);
        }
        if (old != null) {
            old.close();
        }
    }

    /**
     * Submits what was recorded and gives the license back. What can't be submitted within the time is
     * kept and submitted at the next start.
     */
    public static synchronized void releaseLicense(int timeoutMilliseconds) {
        if (license != null) {
            license.close(timeoutMilliseconds);
            license = null;
        }
    }

    /**
     * Decodes all barcodes of an image file, none, one or several. Each is recorded before the results
     * are handed out.
     *
     * @throws BarcodeReaderException -20000 without a license; or the image can't be read
     */
    public TextResult[] decodeFile(String path) throws BarcodeReaderException {
        License current = license;
        if (current == null) {
            throw new BarcodeReaderException(StatusCode.NO_LICENSE,
                    "No license specified: call initLicenseFromLTS before decoding.", null);
        }
        Result[] barcodes = decode(path);
        TextResult[] results = new TextResult[barcodes.length];
        for (int i = 0; i < barcodes.length; i++) {
            Symbology symbology = Symbology.of(barcodes[i].getBarcodeFormat());
            try {
                current.record(symbology.operationType, 1);
            } catch (LTSException e) {
                throw new BarcodeReaderException(e.getStatus(), e.getMessage(), e);
            }
            results[i] = new TextResult(symbology.name(), barcodes[i].getText());
        }
        return results;
    }

    private static Result[] decode(String path) throws BarcodeReaderException {
        BinaryBitmap bitmap = new BinaryBitmap(new HybridBinarizer(new BufferedImageLuminanceSource(readImage(path))));
        try {
            return new GenericMultipleBarcodeReader(new MultiFormatReader()).decodeMultiple(bitmap, HINTS);
        } catch (NotFoundException e) {
            return new Result[0];
        } catch (RuntimeException e) { // of the decoder, at odd images
            throw new BarcodeReaderException(BarcodeReaderException.UNKNOWN, "Failed to decode " + path + ": " + e, e);
        }
    }

    private static BufferedImage readImage(String path) throws BarcodeReaderException {
        File file = new File(path);
        if (!file.isFile() || !file.canRead()) {
            throw new BarcodeReaderException(
                    BarcodeReaderException.FILE_NOT_FOUND, "The file " + path + " can't be opened.", null);
        }
        BufferedImage image;
        try {
            image = ImageIO.read(file);
        } catch (IOException | RuntimeException e) { // ImageIO throws either at a damaged image
            throw new BarcodeReaderException(
                    BarcodeReaderException.IMAGE_READ_FAILED, "Failed to read the image " + path + ": " + e, e);
        }
        if (image == null) {
            throw new BarcodeReaderException(BarcodeReaderException.FILETYPE_NOT_SUPPORTED,
                    "The file " + path + " is not an image of a known kind.", null);
        }
        return image;
    }
}
