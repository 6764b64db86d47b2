package barcodereader;

import android.content.Context;
import android.os.Handler;
import android.os.Looper;
import com.google.zxing.BinaryBitmap;
import com.google.zxing.DecodeHintType;
import com.google.zxing.MultiFormatReader;
import com.google.zxing.NotFoundException;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.Result;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.multi.GenericMultipleBarcodeReader;
import java.util.Collections;
import java.util.Map;
import org.openlts.ChargeWay;
import org.openlts.ConnectionParameters;
import org.openlts.LTSException;
import org.openlts.License;
import org.openlts.Product;
import org.openlts.StatusCode;
import org.openlts.android.AndroidLicensing;
import org.openlts.android.LicenseListener;

/**
 * Decodes the barcodes of pictures, and records each of them. The license belongs to the process:
 * initialize it once, then make as many readers as wanted. May be used by several threads.
 */
public class BarcodeReader {
    private static final String VERSION = "1.0.0";
    private static final Map<DecodeHintType, ?> HINTS = Collections.singletonMap(DecodeHintType.TRY_HARDER, true);

    /** The License Tracking Server of the vendor, used unless the SDK's user names another. */
    static String hostedServerURL = "https://lts.example.com";

    /** How this edition is charged, unless the SDK's user says otherwise. */
    static int usualChargeWay = ChargeWay.AUTO;

    private static License license;

    private final Context context;

    /**
     * @param context any of the app's
     */
    public BarcodeReader(Context context) {
        this.context = context.getApplicationContext();
    }

    /**
     * Gets the process authorized; until then nothing is decoded. A second call replaces the license; if
     * it fails the first stays. Returns at once; the listener is told on the main thread.
     */
    public void initLicenseFromLTS(
            DMLTSConnectionParameters parameters, final DBRLTSLicenseVerificationListener listener) {
        ConnectionParameters all = AndroidLicensing.parameters(context);
        all.products = Product.DBR;
        all.productVersion = VERSION;
        try {
            parameters.copyTo(all);
        } catch (final BarcodeReaderException e) {
            new Handler(Looper.getMainLooper()).post(new Runnable() {
                @Override
                public void run() {
                    listener.LTSLicenseVerificationCallback(false, e);
                }
            });
            return;
        }
        AndroidLicensing.open(all, new Verification(listener));
    }

    /** Hands the result of an authorization to the SDK's user. */
    private static final class Verification implements LicenseListener {
        private final DBRLTSLicenseVerificationListener listener;

        Verification(DBRLTSLicenseVerificationListener listener) {
            this.listener = listener;
        }

        @Override
        public void onAuthorized(License authorized) {
            License old = exchange(authorized);
            if (old != null) {
                old.close(0); // its reports are submitted by the new one
            }
            listener.LTSLicenseVerificationCallback(true, null);
        }

        @Override
        public void onRefused(LTSException error) {
            listener.LTSLicenseVerificationCallback(
                    false, new BarcodeReaderException(error.getStatus(), error.getMessage(), error));
        }
    }

    private static synchronized License exchange(License newOne) {
        License old = license;
        license = newOne;
        return old;
    }

    private static synchronized License current() {
        return license;
    }

    /**
     * Submits what was recorded and gives the license back. What can't be submitted within the time is
     * kept and submitted at the next start. Not for the main thread, unless the time is 0.
     */
    public static void releaseLicense(int timeoutMilliseconds) {
        License old = exchange(null);
        if (old != null) {
            old.close(timeoutMilliseconds);
        }
    }

    /**
     * Decodes all barcodes of a picture, none, one or several. Each is recorded before the results are
     * handed out.
     *
     * @param pixels ARGB, row by row, as Bitmap.getPixels gives them
     * @throws BarcodeReaderException -20000 without a license
     */
    public TextResult[] decodePixels(int[] pixels, int width, int height) throws BarcodeReaderException {
        License current = current();
        if (current == null) {
            throw new BarcodeReaderException(StatusCode.NO_LICENSE,
                    "No license specified: call initLicenseFromLTS before decoding.", null);
        }
        Result[] barcodes = decode(new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(width, height, pixels))));
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

    private static Result[] decode(BinaryBitmap bitmap) throws BarcodeReaderException {
        try {
            return new GenericMultipleBarcodeReader(new MultiFormatReader()).decodeMultiple(bitmap, HINTS);
        } catch (NotFoundException e) {
            return new Result[0];
        } catch (RuntimeException e) { // of the decoder, at odd pictures
            throw new BarcodeReaderException(BarcodeReaderException.UNKNOWN, "Failed to decode a picture: " + e, e);
        }
    }
}
