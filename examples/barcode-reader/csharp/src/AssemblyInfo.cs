using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("BarcodeReader.Tests")]
