using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Json;
using System.Linq;
using NUnit.Framework;
using OpenLTS;
using OpenLTS.Tests;

namespace BarcodeReading.Tests
{
    /// <summary>The SDK decodes images, and what it decodes arrives at a real server.</summary>
    [TestFixture]
    public sealed class BarcodeReaderTests
    {
        private const int Patience = 10000; // milliseconds; for what is done at once on a working machine

        private LicenseTrackingServer server;
        private string directory;

        [SetUp]
        public void Begin()
        {
            server = new LicenseTrackingServer();
            directory = LicenseTrackingServer.TemporaryDirectory();
            BarcodeReader.SetLicenseCachePath(Path.Combine(directory, "license"));
        }

        [TearDown]
        public void End()
        {
            BarcodeReader.ReleaseLicense(0);
            server.Dispose();
            Directory.Delete(directory, true);
        }

        private void Authorize()
        {
            DMLTSConnectionParameters parameters = BarcodeReader.InitLTSConnectionParameters();
            parameters.MainServerURL = server.URL;
            parameters.HandshakeCode = LicenseTrackingServer.Reader;
            EnumErrorCode code = BarcodeReader.InitLicenseFromLTS(parameters, out string message);
            Assert.AreEqual(EnumErrorCode.DBR_OK, code, message);
            Assert.AreEqual("", message);
        }

        /// <summary>Makes images with the C++ edition's barcode-writer.</summary>
        /// <returns>How many barcodes of each symbology they hold.</returns>
        private Dictionary<string, long> MakeImages(string images)
        {
            Directory.CreateDirectory(images);
            string program = Path.Combine(Repository.Root, "out", "bin", "barcode-writer");
            using (Process writer = Process.Start(new ProcessStartInfo(program)
            {
                Arguments = images,
                RedirectStandardOutput = true,
                UseShellExecute = false
            }))
            {
                JsonValue made = JsonValue.Parse(writer.StandardOutput.ReadToEnd());
                writer.WaitForExit();
                Assert.AreEqual(0, writer.ExitCode);
                return ((JsonObject)made["written"]).ToDictionary(pair => pair.Key, pair => (long)pair.Value);
            }
        }

        private static EnumErrorCode ErrorOf(string path)
        {
            return Assert.Throws<BarcodeReaderException>(() => new BarcodeReader().DecodeFile(path)).Code;
        }

        [Test]
        public void each_symbology_is_counted_as_itself()
        {
            string images = Path.Combine(directory, "images");
            Dictionary<string, long> made = MakeImages(images);
            Assert.IsNotEmpty(made);
            Authorize();
            TextResult[] results = Directory.GetFiles(images).SelectMany(new BarcodeReader().DecodeFile).ToArray();
            CollectionAssert.Contains(results.Select(result => result.BarcodeText), "Grüße");
            CollectionAssert.AreEquivalent(made, results.GroupBy(result => result.BarcodeFormatString)
                .ToDictionary(group => group.Key, group => group.LongCount()));
            BarcodeReader.ReleaseLicense(Patience);
            Assert.AreEqual(new[] { "100001-reader" }, server.Stats("handshake").Keys);
            CollectionAssert.AreEquivalent(made, server.Stats("type"));
        }

        [Test]
        public void without_a_license_nothing_is_decoded()
        {
            Assert.AreEqual(EnumErrorCode.DMERR_NO_LICENSE, ErrorOf("any.png"));
            Assert.AreEqual(-20000, (int)EnumErrorCode.DMERR_NO_LICENSE);
        }

        [Test]
        public void a_refusal_is_told()
        {
            DMLTSConnectionParameters parameters = BarcodeReader.InitLTSConnectionParameters();
            parameters.MainServerURL = server.URL;
            parameters.HandshakeCode = "100001-nobody";
            Assert.AreEqual(-20101, (int)BarcodeReader.InitLicenseFromLTS(parameters, out string message));
            StringAssert.Contains("does not exist", message);
            Assert.AreEqual(EnumErrorCode.DBRERR_NULL_POINTER, BarcodeReader.InitLicenseFromLTS(null, out message));
        }

        [Test]
        public void what_is_no_barcode_is_not_counted()
        {
            string text = Path.Combine(directory, "text.png");
            File.WriteAllText(text, "no image");
            Authorize();
            Assert.AreEqual(EnumErrorCode.DBRERR_FILE_NOT_FOUND, ErrorOf(Path.Combine(directory, "none.png")));
            Assert.AreEqual(EnumErrorCode.DBRERR_FILETYPE_NOT_SUPPORTED, ErrorOf(text));
            BarcodeReader.ReleaseLicense(Patience);
            Assert.AreEqual(0, server.Total());
        }

        /// <summary>They run as they were published, but for the repairs the page lists; the server's address
        /// and the handshake code are replaced.</summary>
        [Test]
        public void published_snippets_run()
        {
            string hosted = BarcodeReader.HostedServerURL;
            BarcodeReader.HostedServerURL = server.URL; // which the second snippet relies on
            try
            {
                foreach (string snippet in Documentation.Blocks()[Documentation.PublishedSnippets])
                {
                    Documentation.Run(
                        snippet.Replace("https://your.mainServer.com", server.URL)
                            .Replace("Your-HandshakeCode", LicenseTrackingServer.Reader),
                        "BarcodeReading", typeof(BarcodeReader).Assembly, directory);
                }
            }
            finally
            {
                BarcodeReader.HostedServerURL = hosted;
            }
            string images = Path.Combine(directory, "images");
            MakeImages(images);
            int count = new BarcodeReader().DecodeFile(Directory.GetFiles(images).First()).Length;
            Assert.Greater(count, 0);
            BarcodeReader.ReleaseLicense(Patience);
            Assert.AreEqual(count, server.Total());
        }
    }
}
