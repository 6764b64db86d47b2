using System;

namespace OpenLTS
{
    /// <summary>Something that happened to a license; see <see cref="License.PollEvent"/>.</summary>
    public sealed class Event
    {
        internal Event(NativeMethods.LTS_Event native)
        {
            // generated: conversion
            Kind = (EventKind)native.kind;
            StatusCode = (StatusCode)native.statusCode;
            StateFlags = (StateFlag)native.stateFlags;
            Time = UnixTime.ToDateTime(native.time);
            Units = native.units;
            Message = NativeText.Read(native.message);
            // generated: end
        }

        // generated: properties
        /// <summary>The kind of event.</summary>
        public EventKind Kind { get; }

        /// <summary>The result.</summary>
        public StatusCode StatusCode { get; }

        /// <summary>The state of the license after the event, flags combined.</summary>
        public StateFlag StateFlags { get; }

        /// <summary>When it happened.</summary>
        public DateTimeOffset? Time { get; }

        /// <summary>Units concerned, or 0.</summary>
        public long Units { get; }

        /// <summary>What happened, for people.</summary>
        public string Message { get; }
        // generated: end
    }
}
