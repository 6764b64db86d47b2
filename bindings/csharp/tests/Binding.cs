using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading;
using NUnit.Framework;

namespace OpenLTS.Tests
{
    /// <summary>What is the binding's own: that it agrees with the header, carries texts as UTF-8, and gives
    /// back what it holds.</summary>
    [TestFixture]
    public sealed class Binding
    {
        private static readonly string header = Regex.Replace(
            File.ReadAllText(Repository.Header), @"/\*.*?\*/", "", RegexOptions.Singleline);

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

        [Test]
        public void the_version_is_the_headers()
        {
            string version = Regex.Match(header, @"#define LTS_ABI_VERSION (\d+)").Groups[1].Value;
            Assert.AreEqual(LTS.ABIVersionRequired.ToString(), version);
        }

        /// <summary>Names, types and order of the fields, hence their offsets: each has its natural
        /// alignment in C and in C# alike.</summary>
        [TestCase(typeof(NativeMethods.LTS_ConnectionParameters))]
        [TestCase(typeof(NativeMethods.LTS_LicenseInfo))]
        [TestCase(typeof(NativeMethods.LTS_Event))]
        public void structs_are_the_headers(Type type)
        {
            string body = Regex.Match(
                header, @"typedef struct " + type.Name + @" \{(.*?)\}", RegexOptions.Singleline).Groups[1].Value;
            var expected = Regex.Matches(body, @"([\w ]+?[ *]+)(\w+)(?:\[(\d+)\])?;").Cast<Match>().Select(
                field => field.Groups[2] + ": " + Describe(field.Groups[1].Value.Trim(), field.Groups[3].Value));
            var actual = type.GetFields().OrderBy(field => field.MetadataToken)
                .Select(field => field.Name + ": " + Describe(field));
            CollectionAssert.IsNotEmpty(expected);
            CollectionAssert.AreEqual(expected, actual);
        }

        /// <summary>Offsets and sizes as the C compiler has them.</summary>
        [TestCase(typeof(NativeMethods.LTS_ConnectionParameters))]
        [TestCase(typeof(NativeMethods.LTS_LicenseInfo))]
        [TestCase(typeof(NativeMethods.LTS_Event))]
        public void the_layout_is_that_of_the_compiler(Type type)
        {
            var names = type.GetFields().OrderBy(field => field.MetadataToken).Select(field => field.Name).ToArray();
            string source = Path.Combine(directory, "layout.c");
            string program = Path.Combine(directory, "layout");
            File.WriteAllText(source, "#include <stddef.h>\n#include <stdio.h>\n#include <openlts/openlts.h>\n"
                + "int main(void) {\n"
                + string.Concat(names.Select(name => "printf(\"%zu \", offsetof(" + type.Name + ", " + name + "));\n"))
                + "printf(\"%zu\", sizeof(" + type.Name + "));\nreturn 0;\n}\n");
            Output("cc", "-I" + Path.Combine(Repository.Root, "include") + " " + source + " -o " + program);
            var expected = Output(program, "").Split(' ').Select(int.Parse);
            var actual = names.Select(name => (int)Marshal.OffsetOf(type, name)).Concat(new[] { Marshal.SizeOf(type) });
            CollectionAssert.AreEqual(expected, actual);
        }

        private static string Output(string program, string arguments)
        {
            using (Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                UseShellExecute = false
            }))
            {
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                Assert.AreEqual(0, process.ExitCode, program);
                return output;
            }
        }

        private static string Describe(string type, string count)
        {
            if (type.EndsWith("*"))
            {
                return "pointer";
            }
            return count == "" ? type : type + "[" + count + "]";
        }

        private static string Describe(FieldInfo field)
        {
            if (field.FieldType == typeof(byte[]))
            {
                return "char[" + field.GetCustomAttribute<MarshalAsAttribute>().SizeConst + "]";
            }
            return CType(field.FieldType);
        }

        [Test]
        public void functions_are_the_headers()
        {
            var expected = Regex.Matches(header, @"LTS_API (.*?)LTS_CALL (\w+)\((.*?)\);", RegexOptions.Singleline)
                .Cast<Match>()
                .Select(function => Result(function.Groups[1].Value.Trim()) + " " + function.Groups[2]
                    + Parameters(function.Groups[3].Value));
            var actual = typeof(NativeMethods).GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
                .OrderBy(method => method.MetadataToken)
                .Select(method => CType(method.ReturnType) + " " + method.Name
                    + "(" + string.Join(", ", method.GetParameters().Select(p => CType(p.ParameterType))) + ")");
            CollectionAssert.IsNotEmpty(expected);
            CollectionAssert.AreEqual(expected, actual);
        }

        private static string Result(string type)
        {
            return type.EndsWith("*") ? "pointer" : type;
        }

        private static string Parameters(string list)
        {
            var parameters = list.Split(',').Select(parameter => parameter.Trim());
            return "(" + string.Join(", ", parameters.Where(parameter => parameter != "void").Select(Parameter)) + ")";
        }

        private static string Parameter(string parameter)
        {
            if (parameter.Contains("*"))
            {
                return "pointer";
            }
            return parameter.Substring(0, parameter.LastIndexOf(' ')).Replace("LTS_License", "int64_t");
        }

        private static string CType(Type type)
        {
            if (type.IsByRef || type == typeof(byte[]) || type == typeof(IntPtr))
            {
                return "pointer";
            }
            return new Dictionary<Type, string>
            {
                { typeof(int), "int32_t" },
                { typeof(uint), "uint32_t" },
                { typeof(long), "int64_t" },
                { typeof(ulong), "uint64_t" }
            }[type];
        }

        [Test]
        public void texts_are_UTF8()
        {
            string name = Path.Combine(directory, "Größe-日本-\U0001F600");
            LTS.DeviceUUID(new ConnectionParameters { DataDirectory = name });
            Assert.IsTrue(Directory.Exists(name), "the data directory has another name than it was given");
        }

        [Test]
        public void a_NUL_character_is_refused()
        {
            LTSException e = Assert.Throws<LTSException>(
                () => License.FromLTS(new ConnectionParameters { HandshakeCode = "100001-reader\0x" }));
            Assert.AreEqual(StatusCode.InvalidArgument, e.Status);
            StringAssert.Contains("HandshakeCode", e.Message);
        }

        [Test]
        public void modules_reach_the_server()
        {
            using (LicenseTrackingServer server = new LicenseTrackingServer())
            {
                server.Administrate("handshake", "add", "qr", "--org", LicenseTrackingServer.Organization);
                server.Administrate("item", "add", "qr", "--org", LicenseTrackingServer.Organization,
                    "--charge-way", "scan", "--quota", "10", "--modules", "QR_CODE,PDF417", "--handshake", "100001-qr");
                ConnectionParameters parameters = new ConnectionParameters
                {
                    MainServerURL = server.URL,
                    HandshakeCode = "100001-qr",
                    DataDirectory = directory,
                    LimitedLicenseModules = new[] { LicenseModule.QRCode, LicenseModule.PDF417 }
                };
                using (License license = License.FromLTS(parameters))
                {
                    LicenseInfo info = license.GetInfo();
                    Assert.IsTrue(info.Permits(LicenseModule.QRCode));
                    Assert.IsTrue(info.Permits(LicenseModule.PDF417));
                    Assert.IsFalse(info.Permits(LicenseModule.Aztec));
                }
                parameters.LimitedLicenseModules = new[] { LicenseModule.QRCode, LicenseModule.Aztec };
                Assert.AreEqual(StatusCode.NoItemMatched,
                    Assert.Throws<LTSException>(() => License.FromLTS(parameters)).Status);
            }
        }

        [Test]
        public void null_is_refused()
        {
            Assert.Throws<ArgumentNullException>(() => License.FromLTS(null));
            Assert.Throws<LTSException>(() => License.FromKey(null));
        }

        /// <summary>Each Record that returned is counted, also those that ran into the close of the license;
        /// while the collector is at work.</summary>
        [Test]
        public void a_license_may_be_closed_while_others_record()
        {
            using (LicenseTrackingServer server = new LicenseTrackingServer())
            {
                server.Administrate("handshake", "add", "busy", "--org", LicenseTrackingServer.Organization);
                server.Administrate("item", "add", "busy", "--org", LicenseTrackingServer.Organization,
                    "--charge-way", "scan", "--quota", "unlimited", "--handshake", "100001-busy");
                ConnectionParameters parameters = new ConnectionParameters
                {
                    MainServerURL = server.URL,
                    HandshakeCode = "100001-busy",
                    DataDirectory = directory
                };
                License license = License.FromLTS(parameters);
                long recorded = 0;
                CountdownEvent begun = new CountdownEvent(4);
                Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
                {
                    Interlocked.Add(ref recorded, RecordUntilClosed(license, begun));
                })).ToArray();
                Array.ForEach(threads, thread => thread.Start());
                begun.Wait();
                for (int i = 0; i < 20; i++)
                {
                    GC.Collect();
                }
                license.Dispose();
                Array.ForEach(threads, thread => thread.Join());
                using (License next = License.FromLTS(parameters))
                {
                    LicenseTrackingServer.WaitFor(
                        () => next.GetInfo().Recorded == recorded, "all " + recorded + " to be taken over");
                    next.Submit(10000);
                }
                Assert.AreEqual(recorded, server.Total());
            }
        }

        private static long RecordUntilClosed(License license, CountdownEvent begun)
        {
            for (long recorded = 0; ; recorded++)
            {
                try
                {
                    license.Record(OperationType.QRCode);
                }
                catch (LTSException e) when (e.Status == StatusCode.InvalidHandle)
                {
                    return recorded;
                }
                if (recorded == 0)
                {
                    begun.Signal();
                }
            }
        }

        [Test]
        public void a_license_nobody_holds_is_closed()
        {
            using (LicenseTrackingServer server = new LicenseTrackingServer())
            {
                    long handle = 0;
                Thread thread = new Thread(() => handle = Forget(server.URL, directory));
                thread.Start(); // on a thread of its own, so that no stack holds the license
                thread.Join();
                LicenseTrackingServer.WaitFor(() =>
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    return NativeMethods.LTS_RecordOperation(handle, 0, 0) == (int)StatusCode.InvalidHandle;
                }, "the finalizer");
                }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static long Forget(string url, string directory)
        {
            return License.FromLTS(new ConnectionParameters
            {
                MainServerURL = url,
                HandshakeCode = LicenseTrackingServer.Reader,
                DataDirectory = directory
            }).Handle;
        }

        /// <summary>A null reference is a SIGSEGV, which the Go runtime in the library sees first.</summary>
        [Test]
        public void null_references_are_still_exceptions()
        {
            LTS.Version.ToString();
            for (int i = 0; i < 200; i++)
            {
                string text = null;
                Assert.Throws<NullReferenceException>(() => text.Trim());
            }
        }
    }
}
