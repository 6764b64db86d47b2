package org.openlts;

/** Something that happened to a license; see {@link License#pollEvent}. */
public final class Event {
    /** One of {@link EventKind}. */
    public int kind;

    /** One of {@link StatusCode}. */
    public int statusCode;

    /** Of {@link StateFlag}, combined, as they were after the event. */
    public int stateFlags;

    /** Seconds since 1970 (UTC). */
    public long time;

    /** Operations concerned, or 0. */
    public long units;

    /** What happened, for people. */
    public String message;

    Event() {}
}
