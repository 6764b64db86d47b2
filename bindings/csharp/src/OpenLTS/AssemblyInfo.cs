using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("OpenLTS.Tests")]
