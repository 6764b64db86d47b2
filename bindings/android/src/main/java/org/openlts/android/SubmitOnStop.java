package org.openlts.android;

import android.app.Activity;
import android.app.Application;
import android.os.Bundle;
import org.openlts.LTSException;
import org.openlts.License;
import org.openlts.StatusCode;

/** Counts the activities that are to be seen; at none, what was recorded is submitted. Runs on the main thread. */
final class SubmitOnStop implements Application.ActivityLifecycleCallbacks {
    private static final int TIMEOUT_MILLISECONDS = 10000;

    private final Application application;
    private final License license;
    private int started;

    SubmitOnStop(Application application, License license) {
        this.application = application;
        this.license = license;
    }

    @Override
    public void onActivityStarted(Activity activity) {
        started++;
    }

    @Override
    public void onActivityStopped(Activity activity) {
        // One that had started before this was registered is not counted.
        started = Math.max(started - 1, 0);
        if (started == 0 && !activity.isChangingConfigurations()) {
            AndroidLicensing.start("openlts-submit", new Runnable() {
                @Override
                public void run() {
                    submit();
                }
            });
        }
    }

    private void submit() {
        try {
            license.submit(TIMEOUT_MILLISECONDS);
        } catch (LTSException e) {
            if (e.getStatus() == StatusCode.INVALID_HANDLE) {
                application.unregisterActivityLifecycleCallbacks(this);
            }
            // Else the reports are kept, and submitted at the next interval or start.
        }
    }

    @Override
    public void onActivityCreated(Activity activity, Bundle state) {}

    @Override
    public void onActivityResumed(Activity activity) {}

    @Override
    public void onActivityPaused(Activity activity) {}

    @Override
    public void onActivitySaveInstanceState(Activity activity, Bundle state) {}

    @Override
    public void onActivityDestroyed(Activity activity) {}
}
