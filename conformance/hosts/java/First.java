import org.openlts.License;
import org.openlts.LTSException;
import org.openlts.OperationType;

public class First {
    static void record(License license, int type, int times) {
        try {
            for (int i = 0; i < times; i++) {
                license.record(type, 1);
            }
        } catch (LTSException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (License license = License.fromKey(System.getenv("LTS_KEY"))) {
            Thread[] threads = new Thread[4];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = new Thread(() -> record(license, OperationType.QR_CODE, 1000));
                threads[i].start();
            }
            record(license, OperationType.PAGE_SCANNED, 500);
            for (Thread thread : threads) {
                thread.join();
            }
            System.out.println("recorded");
        }
    }
}
