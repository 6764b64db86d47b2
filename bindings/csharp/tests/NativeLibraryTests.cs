using System.Diagnostics;
using System.IO;
using NUnit.Framework;

namespace OpenLTS.Tests
{
    /// <summary>What is said when the native library can't be used, each in a process of its own.</summary>
    [TestFixture]
    public sealed class NativeLibraryTests
    {
        private string directory;

        [SetUp]
        public void Begin()
        {
            directory = LicenseTrackingServer.TemporaryDirectory();
        }

        [TearDown]
        public void End()
        {
            Directory.Delete(directory, true);
        }

        /// <summary>What a program that uses the binding says, with the library looked for in the
        /// directory.</summary>
        private string Complaint()
        {
            ProcessStartInfo start = new ProcessStartInfo("mono")
            {
                Arguments = "RecordUntilKilled.exe http://127.0.0.1:1 100001-reader " + directory + " 1",
                RedirectStandardError = true,
                UseShellExecute = false
            };
            start.EnvironmentVariables["LD_LIBRARY_PATH"] = directory;
            using (Process child = Process.Start(start))
            {
                string errors = child.StandardError.ReadToEnd();
                child.WaitForExit();
                Assert.AreNotEqual(0, child.ExitCode);
                return errors;
            }
        }

        [Test]
        public void a_missing_library_is_named()
        {
            StringAssert.Contains("The OpenLTS library (libopenlts.so,", Complaint());
        }

        [Test]
        public void a_library_of_another_version_is_refused()
        {
            BuildLibrary("int LTS_ABIVersion(void) { return 0; }");
            StringAssert.Contains("has version 0 of the interface, this assembly needs version 1 or newer.", Complaint());
        }

        [Test]
        public void another_library_of_the_name_is_refused()
        {
            BuildLibrary("int something_else(void) { return 1; }");
            StringAssert.Contains("under the name of the OpenLTS library is another library", Complaint());
        }

        private void BuildLibrary(string code)
        {
            string source = Path.Combine(directory, "other.c");
            File.WriteAllText(source, code + "\n");
            string library = Path.Combine(directory, "libopenlts.so");
            using (Process compiler = Process.Start("cc", "-shared -fPIC -o " + library + " " + source))
            {
                compiler.WaitForExit();
                Assert.AreEqual(0, compiler.ExitCode);
            }
        }
    }
}
