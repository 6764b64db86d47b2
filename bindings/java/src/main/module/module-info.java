/**
 * License authorization and usage metering for native SDKs. The native library is in a jar of its own for each platform,
 * which belongs on the class path: it is no module.
 */
module org.openlts {
    exports org.openlts;
}
