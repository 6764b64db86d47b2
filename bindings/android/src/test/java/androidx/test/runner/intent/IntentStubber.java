package androidx.test.runner.intent;

import android.app.Instrumentation.ActivityResult;
import android.content.Intent;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public interface IntentStubber {
    ActivityResult getActivityResultForIntent(Intent intent);
}
