package androidx.test.runner.intent;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public final class IntentMonitorRegistry {
    public static void registerInstance(IntentMonitor monitor) {}

    private IntentMonitorRegistry() {}
}
