using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("OpenLTS.Tests")]
[assembly: AssemblyTitle("OpenLTS")]
[assembly: AssemblyVersion("0.1.0.0")]

// Nothing here is found by reflection, and structures are measured by their types, so that trimmed and natively compiled
// programs (PublishTrimmed, PublishAot) are told of nothing.
[assembly: AssemblyMetadata("IsTrimmable", "True")]
[assembly: AssemblyMetadata("IsAotCompatible", "True")]
