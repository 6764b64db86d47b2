package org.openlts;

/** Something that happened to a license; see {@link License#pollEvent}. */
public final class Event {
    // generated: fields
    /** The kind of event (one of {@link EventKind}). */
    public int kind;

    /** The result (one of {@link StatusCode}). */
    public int statusCode;

    /** The state of the license after the event, flags combined (of {@link StateFlag}). */
    public int stateFlags;

    /** When it happened (seconds since 1970 (UTC)). */
    public long time;

    /** Units concerned, or 0. */
    public long units;

    /** What happened, for people. */
    public String message;
    // generated: end

    Event() {}
}
