package androidx.test.runner.lifecycle;

/** Stands in for a class of androidx.test.monitor, which only Google's repository has: what Robolectric calls of it. */
public interface ActivityLifecycleMonitor {}
