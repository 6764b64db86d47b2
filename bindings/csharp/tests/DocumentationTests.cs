using System.Collections.Generic;
using System.Diagnostics;
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

        /// <summary>A block of code with this test's server and directory in it.</summary>
        private string Ours(string block)
        {
            const string Address = "MainServerURL = \"https://lts.example.com\",";
            StringAssert.Contains(Address, block);
            return block.Replace(Address,
                string.Format("MainServerURL = \"{0}\", DataDirectory = \"{1}\",", server.URL, directory));
        }

        private void Run(string block)
        {
            Documentation.Run(Ours(block), "OpenLTS", typeof(License).Assembly, directory);
        }

        [Test]
        public void every_block_runs()
        {
            IEnumerable<string> blocks = Documentation.Blocks()
                .Where(section => section.Key != Documentation.PublishedSnippets).SelectMany(section => section.Value);
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

        [Test]
        public void the_commands_make_a_program_that_counts()
        {
            string program = Path.Combine(directory, "hello");
            Directory.CreateDirectory(program);
            File.WriteAllText(Path.Combine(program, "Program.cs"),
                Documentation.Source(Ours(Documentation.Blocks()["Use"].First()), "OpenLTS", "Program", "Main"));
            Assert.AreEqual("", Shell("ln -s \"" + Repository.Root + "/out\" out\n" + Documentation.Commands("Use")));
            Assert.AreEqual(1, server.Total());

            File.Delete(Path.Combine(program, "libopenlts.so"));
            StringAssert.StartsWith("No library: The OpenLTS library (libopenlts.so,", Shell("mono hello/Program.exe"));
        }

        /// <summary>Runs commands in the directory, without the tests' own way to the library; gives what they
        /// print. They must not fail.</summary>
        private string Shell(string commands)
        {
            string script = Path.Combine(directory, "script");
            File.WriteAllText(script, "exec 2>&1\n" + commands);
            var start = new ProcessStartInfo("sh", "-e \"" + script + "\"")
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
                WorkingDirectory = directory
            };
            start.EnvironmentVariables.Remove("LD_LIBRARY_PATH");
            using (Process shell = Process.Start(start))
            {
                string output = shell.StandardOutput.ReadToEnd();
                shell.WaitForExit();
                Assert.AreEqual(0, shell.ExitCode, output);
                return output;
            }
        }
    }
}
