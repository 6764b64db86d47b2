package androidx.test.runner.lifecycle;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public final class ActivityLifecycleMonitorRegistry {
    private static volatile ActivityLifecycleMonitor monitor;

    public static void registerInstance(ActivityLifecycleMonitor registered) {
        monitor = registered;
    }

    public static ActivityLifecycleMonitor getInstance() {
        return monitor;
    }

    private ActivityLifecycleMonitorRegistry() {}
}
