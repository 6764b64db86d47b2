package org.openlts.android;

import android.app.Application;
import android.content.Context;

/** What the code of docs/android.md takes for granted. */
public final class DocumentationScope {
    public static Context context;
    public static Application application;

    private DocumentationScope() {}
}
