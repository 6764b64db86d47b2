using System.Collections.Generic;
using System.IO;
using System.Linq;
using NUnit.Framework;

namespace OpenLTS.Tests
{
    /// <summary>The code of docs/csharp.md and of the README compiles and runs. Only the server's address is replaced, and a
    /// data directory named, because the default lies in the home directory of who runs the
    /// tests.</summary>
    [TestFixture]
    public sealed class DocumentationTests
    {
        private LicenseTrackingServer server;
        private string directory;

        [SetUp]
        public void Begin()
        {
            server = new LicenseTrackingServer();
            directory = LicenseTrackingServer.TemporaryDirectory();
        }

        [TearDown]
        public void End()
        {
            server.Dispose();
            Directory.Delete(directory, true);
        }

        private void Run(string block)
        {
            const string Address = "MainServerURL = \"https://lts.example.com\",";
            StringAssert.Contains(Address, block);
            string ours = string.Format("MainServerURL = \"{0}\", DataDirectory = \"{1}\",", server.URL, directory);
            Documentation.Run(block.Replace(Address, ours), "OpenLTS", typeof(License).Assembly, directory);
        }

        [Test]
        public void every_block_runs()
        {
            IEnumerable<string> blocks = Documentation.Blocks()
                .Where(section => section.Key != Documentation.SeedSnippets).SelectMany(section => section.Value);
            CollectionAssert.IsNotEmpty(blocks);
            foreach (string block in blocks)
            {
                Run(block);
            }
        }

        [Test]
        public void the_readme_counts()
        {
            Run(Documentation.Blocks(Path.Combine(Repository.Root, "README.md"))["Embed it"].First());
            Assert.AreEqual(1, server.Total());
        }

        [Test]
        public void the_dozen_lines_count()
        {
            Run(Documentation.Blocks()["Use"].First());
            Assert.AreEqual(1, server.Total());
        }
    }
}
