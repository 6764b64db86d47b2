import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;

public class FirstJNA {
    public interface OpenLTS extends Library {
        int LTS_InitLicense(String key, Pointer parameters, LongByReference license, byte[] message, int length);

        int LTS_RecordOperation(long license, int type, int count);

        int LTS_CloseLicense(long license, int timeout);
    }

    static final int QR_CODE = 16, PAGE_SCANNED = 64;

    public static void main(String[] arguments) throws Exception {
        OpenLTS lts = Native.load("openlts", OpenLTS.class);
        LongByReference opened = new LongByReference();
        byte[] message = new byte[256];
        if (lts.LTS_InitLicense(System.getenv("LTS_KEY"), null, opened, message, message.length) != 0) {
            throw new IllegalStateException(Native.toString(message, "UTF-8"));
        }
        long license = opened.getValue();
        Thread[] threads = new Thread[4];
        for (int thread = 0; thread < 4; thread++) {
            threads[thread] = new Thread(() -> {
                for (int i = 0; i < 1000; i++) lts.LTS_RecordOperation(license, QR_CODE, 1);
            });
            threads[thread].start();
        }
        for (int i = 0; i < 500; i++) lts.LTS_RecordOperation(license, PAGE_SCANNED, 1);
        for (Thread thread : threads) thread.join();
        System.out.println("recorded");
        System.exit(lts.LTS_CloseLicense(license, 3000) == 0 ? 0 : 1);
    }
}
