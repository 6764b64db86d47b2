package org.openlts.android;

import android.app.Application;
import android.content.Context;
import android.os.Build;
import android.os.Handler;
import android.os.Looper;
import java.io.File;
import java.nio.charset.Charset;
import org.openlts.ConnectionParameters;
import org.openlts.DeploymentType;
import org.openlts.LTSException;
import org.openlts.License;

/** What Android asks for beyond {@link License}: an app's own places and names, and no waiting on the main thread. */
public final class AndroidLicensing {
    private static final int LONGEST_NAME = 255;

    /**
     * Parameters as an app has them: usage is kept where Android makes no backup, because a device that is
     * restored from one is another device; the package's name is the validation field.
     *
     * @param context any of the app's
     */
    public static ConnectionParameters parameters(Context context) {
        ConnectionParameters parameters = new ConnectionParameters();
        parameters.dataDirectory = new File(context.getNoBackupFilesDir(), "openlts").getPath();
        parameters.validationField = context.getPackageName();
        parameters.deploymentType = DeploymentType.MOBILE;
        parameters.edition = "Android";
        parameters.deviceFriendlyName = cut(Build.MANUFACTURER + " " + Build.MODEL);
        return parameters;
    }

    /**
     * Asks the License Tracking Server for an authorization, on a thread of its own, and tells the listener
     * on the main thread. Returns at once.
     */
    public static void open(final ConnectionParameters parameters, final LicenseListener listener) {
        if (parameters == null || listener == null) {
            throw new NullPointerException(parameters == null ? "parameters is null" : "listener is null");
        }
        start("openlts-open", new Runnable() {
            @Override
            public void run() {
                License license = null;
                LTSException error = null;
                try {
                    license = License.fromLTS(parameters);
                } catch (LTSException e) {
                    error = e;
                }
                new Handler(Looper.getMainLooper()).post(new Answer(listener, license, error));
            }
        });
    }

    /**
     * Submits whenever the app's last activity stops: Android may end the process from then on. What can't be
     * submitted stays on the device for the next start.
     */
    public static void submitOnStop(Application application, License license) {
        application.registerActivityLifecycleCallbacks(new SubmitOnStop(application, license));
    }

    static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** What the library takes for a name: 255 bytes, and no half characters. */
    static String cut(String text) {
        String trimmed = text.trim();
        while (trimmed.getBytes(Charset.forName("UTF-8")).length > LONGEST_NAME) {
            trimmed = trimmed.substring(0, trimmed.offsetByCodePoints(trimmed.length(), -1));
        }
        return trimmed;
    }

    /** Tells a listener on the main thread. */
    private static final class Answer implements Runnable {
        private final LicenseListener listener;
        private final License license;
        private final LTSException error;

        Answer(LicenseListener listener, License license, LTSException error) {
            this.listener = listener;
            this.license = license;
            this.error = error;
        }

        @Override
        public void run() {
            if (license != null) {
                listener.onAuthorized(license);
            } else {
                listener.onRefused(error);
            }
        }
    }

    private AndroidLicensing() {}
}
