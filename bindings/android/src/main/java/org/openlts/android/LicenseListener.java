package org.openlts.android;

import org.openlts.LTSException;
import org.openlts.License;

/** Who wants to know how an authorization ended. Called once, on the main thread. */
public interface LicenseListener {
    /** The license is open; whoever is told closes it. */
    void onAuthorized(License license);

    /** It was refused, or no server could be reached and none was granted before. */
    void onRefused(LTSException error);
}
