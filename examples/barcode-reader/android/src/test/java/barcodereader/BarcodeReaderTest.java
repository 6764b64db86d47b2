package barcodereader;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.common.BitMatrix;
import com.google.zxing.qrcode.QRCodeWriter;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.After;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;
import org.junit.runner.RunWith;
import org.openlts.ChargeWay;
import org.openlts.Documentation;
import org.openlts.LicenseTrackingServer;
import org.openlts.Repository;
import org.openlts.StatusCode;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowLooper;

/** The SDK in an app decodes pictures, and what it decodes arrives at a real server. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 34)
public class BarcodeReaderTest {
    private static final long PATIENCE_MILLISECONDS = 30000;
    private static final int SIZE = 200;

    @Rule public TemporaryFolder folder = new TemporaryFolder();
    private LicenseTrackingServer server;
    private BarcodeReader reader;

    @Before
    public void begin() throws Exception {
        server = new LicenseTrackingServer();
        reader = new BarcodeReader(RuntimeEnvironment.getApplication());
    }

    @After
    public void end() throws Exception {
        BarcodeReader.releaseLicense(0);
        server.close();
    }

    private static int[] qrCode(String text) throws Exception {
        BitMatrix matrix = new QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, SIZE, SIZE);
        int[] pixels = new int[SIZE * SIZE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = matrix.get(i % SIZE, i / SIZE) ? 0xFF000000 : 0xFFFFFFFF;
        }
        return pixels;
    }

    private DMLTSConnectionParameters parameters() {
        DMLTSConnectionParameters parameters = new DMLTSConnectionParameters();
        parameters.mainServerURL = server.url();
        return parameters;
    }

    /** Initializes a license; returns the error, null on success. */
    private Exception verify(DMLTSConnectionParameters parameters) throws InterruptedException {
        AtomicInteger calls = new AtomicInteger();
        Exception[] heard = new Exception[1];
        reader.initLicenseFromLTS(parameters, (isSuccess, error) -> {
            assertEquals(isSuccess, error == null);
            heard[0] = error;
            calls.incrementAndGet();
        });
        runMainThreadUntil(calls);
        return heard[0];
    }

    private static void runMainThreadUntil(AtomicInteger calls) throws InterruptedException {
        for (long end = System.currentTimeMillis() + PATIENCE_MILLISECONDS; calls.get() == 0;) {
            assertTrue("nothing was heard", System.currentTimeMillis() < end);
            Thread.sleep(10);
            ShadowLooper.idleMainLooper();
        }
    }

    private void decodesAndCounts(long already) throws Exception {
        TextResult[] results = reader.decodePixels(qrCode("OpenLTS"), SIZE, SIZE);
        assertEquals(1, results.length);
        assertEquals("OpenLTS", results[0].barcodeText);
        BarcodeReader.releaseLicense(10000);
        assertEquals(Collections.singletonMap("100001-reader QR_CODE", already + 1), server.stats("handshake", "type"));
    }

    @Test
    public void what_is_decoded_is_counted() throws Exception {
        DMLTSConnectionParameters parameters = parameters();
        parameters.handshakeCode = LicenseTrackingServer.READER;
        assertNull(verify(parameters));
        decodesAndCounts(0);
    }

    @Test
    public void both_spellings_of_the_organization_work() throws Exception {
        DMLTSConnectionParameters parameters = parameters();
        parameters.organizationID = LicenseTrackingServer.ORGANIZATION;
        assertNull(verify(parameters));
        parameters.organizationId = LicenseTrackingServer.ORGANIZATION;
        assertNull(verify(parameters));
        parameters.organizationID = null;
        assertNull(verify(parameters));
        decodesAndCounts(0);
        parameters.organizationID = "100002";
        assertEquals(StatusCode.INVALID_ARGUMENT, ((BarcodeReaderException) verify(parameters)).getErrorCode());
    }

    @Test
    public void without_a_license_nothing_is_decoded() {
        assertEquals(StatusCode.NO_LICENSE, assertThrows(
                BarcodeReaderException.class, () -> reader.decodePixels(qrCode("x"), SIZE, SIZE)).getErrorCode());
    }

    /**
     * They run as they were published; only the server's address, the organization and the handshake code are
     * replaced. What they expect, a refusal because of the charge way, comes about where this edition of the SDK is
     * charged by devices, and the license item by scans.
     */
    @Test
    public void published_snippets_run() throws Exception {
        String hosted = BarcodeReader.hostedServerURL;
        BarcodeReader.hostedServerURL = server.url(); // which two of the snippets rely on
        BarcodeReader.usualChargeWay = ChargeWay.DEVICE_COUNT;
        AtomicInteger calls = new AtomicInteger();
        PublishedSnippets.dbr = new BarcodeReader(RuntimeEnvironment.getApplication()) {
            @Override
            public void initLicenseFromLTS(
                    DMLTSConnectionParameters parameters, DBRLTSLicenseVerificationListener listener) {
                super.initLicenseFromLTS(parameters, (isSuccess, error) -> {
                    calls.incrementAndGet();
                    listener.LTSLicenseVerificationCallback(isSuccess, error); // which asserts
                });
            }
        };
        List<String> snippets = Documentation.blocks(Repository.ROOT.resolve("docs/android.md"))
                .get("The published snippets");
        assertEquals(3, snippets.size());
        try {
            for (String snippet : snippets) {
                calls.set(0);
                Documentation.run(
                        snippet.replace("https://your.mainServer.com", server.url())
                                .replace("Your-OrganizationId", LicenseTrackingServer.ORGANIZATION)
                                .replace("Your-HandshakeCode", LicenseTrackingServer.READER),
                        "barcodereader.*;\nimport org.junit.Assert;\nimport static barcodereader.PublishedSnippets.dbr",
                        folder.newFolder().toPath());
                if (snippet.contains("initLicenseFromLTS")) {
                    runMainThreadUntil(calls);
                }
            }
        } finally {
            BarcodeReader.hostedServerURL = hosted;
            BarcodeReader.usualChargeWay = ChargeWay.AUTO;
        }
    }
}
