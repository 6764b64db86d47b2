package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public final class InstrumentationRegistry {
    private static volatile Instrumentation instrumentation;

    public static void registerInstance(Instrumentation registered, Bundle arguments) {
        instrumentation = registered;
    }

    public static Instrumentation getInstrumentation() {
        return instrumentation;
    }

    private InstrumentationRegistry() {}
}
