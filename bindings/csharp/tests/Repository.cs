using System;
using System.IO;

namespace OpenLTS.Tests
{
    /// <summary>Places in the source tree; the test assembly lies in out/csharp/ of it.</summary>
    internal static class Repository
    {
        internal static readonly string Root =
            Path.GetFullPath(Path.Combine(AppDomain.CurrentDomain.BaseDirectory, "..", ".."));

        internal static readonly string Command = Path.Combine(Root, "out", "bin", "lts");
        internal static readonly string Header = Path.Combine(Root, "include", "openlts", "openlts.h");
        internal static readonly string Definitions = Path.Combine(Root, "conformance", "definitions.json");
    }
}
