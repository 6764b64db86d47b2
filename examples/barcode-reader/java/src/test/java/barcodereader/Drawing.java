package barcodereader;

import com.google.zxing.BarcodeFormat;
import com.google.zxing.MultiFormatWriter;
import com.google.zxing.WriterException;
import com.google.zxing.client.j2se.MatrixToImageWriter;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/** Draws barcodes. */
final class Drawing {
    private static final int MARGIN = 40;

    /** A barcode with a margin. */
    static BufferedImage barcode(BarcodeFormat format, String text) throws WriterException {
        BufferedImage barcode =
                MatrixToImageWriter.toBufferedImage(new MultiFormatWriter().encode(text, format, 300, 200));
        BufferedImage image = new BufferedImage(
                barcode.getWidth() + 2 * MARGIN, barcode.getHeight() + 2 * MARGIN, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.drawImage(barcode, MARGIN, MARGIN, null);
        graphics.dispose();
        return image;
    }

    private Drawing() {}
}
