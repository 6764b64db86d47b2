using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("OpenLTS.Tests")]
[assembly: AssemblyTitle("OpenLTS")]
[assembly: AssemblyVersion("0.1.0.0")]
