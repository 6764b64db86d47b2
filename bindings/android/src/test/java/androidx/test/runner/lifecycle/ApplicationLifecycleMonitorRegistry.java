package androidx.test.runner.lifecycle;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public final class ApplicationLifecycleMonitorRegistry {
    private static volatile ApplicationLifecycleMonitor monitor;

    public static void registerInstance(ApplicationLifecycleMonitor registered) {
        monitor = registered;
    }

    public static ApplicationLifecycleMonitor getInstance() {
        return monitor;
    }

    private ApplicationLifecycleMonitorRegistry() {}
}
