package barcodereader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.zxing.BarcodeFormat;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openlts.Documentation;
import org.openlts.LicenseTrackingServer;
import org.openlts.Repository;
import org.openlts.StatusCode;

/** The SDK decodes images, and what it decodes arrives at a real server. */
class BarcodeReaderTest {
    private static final int PATIENCE = 10000;

    @TempDir Path directory;
    private LicenseTrackingServer server;

    @BeforeEach
    void begin() throws Exception {
        server = new LicenseTrackingServer();
        BarcodeReader.setLicenseCachePath(directory.resolve("license").toString());
    }

    @AfterEach
    void end() throws Exception {
        BarcodeReader.releaseLicense(0);
        server.close();
    }

    private void authorize() throws BarcodeReaderException {
        DMLTSConnectionParameters parameters = BarcodeReader.initLTSConnectionParameters();
        parameters.mainServerURL = server.url();
        parameters.handshakeCode = LicenseTrackingServer.READER;
        BarcodeReader.initLicenseFromLTS(parameters);
    }

    private String save(BufferedImage image) throws Exception {
        File file = Files.createTempFile(directory, "image", ".png").toFile();
        ImageIO.write(image, "png", file);
        return file.getPath();
    }

    private static int errorOf(String path) {
        return assertThrows(BarcodeReaderException.class, () -> new BarcodeReader().decodeFile(path)).getErrorCode();
    }

    @Test
    void each_symbology_is_counted_as_itself() throws Exception {
        Map<BarcodeFormat, String> texts = new TreeMap<>();
        texts.put(BarcodeFormat.QR_CODE, "OpenLTS");
        texts.put(BarcodeFormat.EAN_13, "4006381333931");
        texts.put(BarcodeFormat.CODE_128, "OPENLTS-1");
        texts.put(BarcodeFormat.PDF_417, "three minutes");
        texts.put(BarcodeFormat.DATA_MATRIX, "exactly once");
        texts.put(BarcodeFormat.AZTEC, "offline");
        authorize();
        Map<String, Long> expected = new TreeMap<>();
        for (Map.Entry<BarcodeFormat, String> barcode : texts.entrySet()) {
            String image = save(Drawing.barcode(barcode.getKey(), barcode.getValue()));
            TextResult[] results = new BarcodeReader().decodeFile(image);
            assertEquals(1, results.length, barcode.getKey().toString());
            assertEquals(barcode.getValue(), results[0].barcodeText);
            expected.put("100001-reader " + results[0].barcodeFormatString, 1L);
        }
        BarcodeReader.releaseLicense(PATIENCE);
        assertEquals(texts.size(), expected.size());
        assertEquals(expected, server.stats("handshake", "type"));
    }

    @Test
    void two_barcodes_of_one_image_are_two() throws Exception {
        BufferedImage left = Drawing.barcode(BarcodeFormat.QR_CODE, "left");
        BufferedImage right = Drawing.barcode(BarcodeFormat.QR_CODE, "right");
        BufferedImage both = new BufferedImage(
                left.getWidth() + right.getWidth(), left.getHeight(), BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = both.createGraphics();
        graphics.drawImage(left, 0, 0, null);
        graphics.drawImage(right, left.getWidth(), 0, null);
        graphics.dispose();
        authorize();
        TreeSet<String> texts = new TreeSet<>();
        for (TextResult result : new BarcodeReader().decodeFile(save(both))) {
            texts.add(result.barcodeText);
        }
        assertEquals("[left, right]", texts.toString());
        BarcodeReader.releaseLicense(PATIENCE);
        assertEquals(2, server.total());
    }

    @Test
    void without_a_license_nothing_is_decoded() throws Exception {
        assertEquals(StatusCode.NO_LICENSE, errorOf(save(Drawing.barcode(BarcodeFormat.QR_CODE, "x"))));
    }

    @Test
    void a_refusal_is_told() {
        DMLTSConnectionParameters parameters = BarcodeReader.initLTSConnectionParameters();
        parameters.mainServerURL = server.url();
        parameters.handshakeCode = "100001-nobody";
        BarcodeReaderException refusal =
                assertThrows(BarcodeReaderException.class, () -> BarcodeReader.initLicenseFromLTS(parameters));
        assertEquals(StatusCode.HANDSHAKE_CODE_NOT_FOUND, refusal.getErrorCode());
        assertTrue(refusal.getMessage().contains("does not exist"), refusal.getMessage());
    }

    @Test
    void what_is_no_barcode_is_not_counted() throws Exception {
        Path text = directory.resolve("text.png");
        Files.write(text, "no image".getBytes(StandardCharsets.UTF_8));
        authorize();
        assertEquals(BarcodeReaderException.FILE_NOT_FOUND, errorOf(directory.resolve("none.png").toString()));
        assertEquals(BarcodeReaderException.FILETYPE_NOT_SUPPORTED, errorOf(text.toString()));
        String empty = save(new BufferedImage(100, 100, BufferedImage.TYPE_INT_RGB));
        assertEquals(0, new BarcodeReader().decodeFile(empty).length);
        byte[] whole = Files.readAllBytes(Paths.get(empty));
        Path half = directory.resolve("half.png");
        Files.write(half, Arrays.copyOf(whole, whole.length / 2));
        assertEquals(BarcodeReaderException.IMAGE_READ_FAILED, errorOf(half.toString()));
        BarcodeReader.releaseLicense(PATIENCE);
        assertEquals(0, server.total());
    }

    /** They run as they were published; only the server's address and the handshake code are replaced. */
    @Test
    void published_snippets_run() throws Exception {
        String hosted = BarcodeReader.hostedServerURL;
        BarcodeReader.hostedServerURL = server.url(); // which the second snippet relies on
        try {
            for (String snippet : Documentation.blocks(Repository.DOCUMENTATION).get(Documentation.PUBLISHED_SNIPPETS)) {
                Documentation.run(
                        snippet.replace("https://your.mainServer.com", server.url())
                                .replace("Your-HandshakeCode", LicenseTrackingServer.READER),
                        "barcodereader.*", Files.createTempDirectory(directory, "snippet"));
            }
        } finally {
            BarcodeReader.hostedServerURL = hosted;
        }
        assertEquals(1, new BarcodeReader().decodeFile(save(Drawing.barcode(BarcodeFormat.QR_CODE, "x"))).length);
        BarcodeReader.releaseLicense(PATIENCE);
        assertEquals(Collections.singletonMap("100001-reader QR_CODE", 1L), server.stats("handshake", "type"));
    }
}
