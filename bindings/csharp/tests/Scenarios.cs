using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Json;
using System.Linq;
using System.Threading;
using NUnit.Framework;

namespace OpenLTS.Tests
{
    /// <summary>The scenarios of conformance/scenarios.json, each under its id, against a real
    /// server.</summary>
    [TestFixture]
    public sealed class Scenarios
    {
        private const int Patience = 60000; // milliseconds; for what is done at once unless the machine is busy

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

        private ConnectionParameters Parameters(string code = LicenseTrackingServer.Reader)
        {
            return new ConnectionParameters
            {
                MainServerURL = server.URL,
                HandshakeCode = code,
                DataDirectory = directory
            };
        }

        private License Open()
        {
            return License.FromLTS(Parameters());
        }

        private static StatusCode StatusOf(TestDelegate call)
        {
            return Assert.Throws<LTSException>(call).Status;
        }

        private static Event WaitForEvent(License license, EventKind kind)
        {
            Stopwatch watch = Stopwatch.StartNew();
            while (watch.ElapsedMilliseconds < Patience)
            {
                Event e = license.PollEvent(1000);
                if (e != null && e.Kind == kind)
                {
                    return e;
                }
            }
            throw new TimeoutException("no event " + kind);
        }

        private void CheckTotals(Dictionary<string, long> expected, string by = "handshake,item,type")
        {
            CollectionAssert.AreEquivalent(expected, server.Stats(by));
        }

        private static void CheckInvariant(LicenseInfo info, long recorded)
        {
            Assert.AreEqual(recorded, info.Recorded);
            Assert.AreEqual(info.Recorded, info.Accepted + info.Pending + info.Lost);
            Assert.AreEqual(info.Lost, info.LostExpired + info.LostRefused + info.LostStorage);
        }

        [Test]
        public void version()
        {
            Assert.AreEqual(LTS.ABIVersionRequired, LTS.ABIVersion);
            Assert.IsNotEmpty(LTS.Version);
        }

        [Test]
        public void status_texts()
        {
            JsonValue definitions = JsonValue.Parse(File.ReadAllText(Repository.Definitions));
            foreach (JsonValue definition in (JsonArray)definitions["statusCodes"])
            {
                StatusCode status = (StatusCode)(int)definition["value"];
                Assert.IsTrue(Enum.IsDefined(typeof(StatusCode), status));
                Assert.AreEqual((string)definition["name"], LTS.StatusName(status));
                Assert.AreEqual((string)definition["message"], LTS.StatusMessage(status));
            }
            Assert.AreEqual("UNKNOWN", LTS.StatusName((StatusCode)(-1)));
        }

        [Test]
        public void defaults()
        {
            ConnectionParameters fresh = new ConnectionParameters();
            Assert.AreEqual(7, fresh.MaxBufferDays);
            Assert.AreEqual(DeploymentType.Desktop, fresh.DeploymentType);
            Assert.AreEqual(ChargeWay.Auto, fresh.ChargeWay);
            Assert.AreEqual(UUIDGenerationMethod.Random, fresh.UUIDGenerationMethod);
            Assert.AreEqual(1, fresh.MaxConcurrentInstanceCount);
            Assert.AreEqual(Product.All, fresh.Products);
            Assert.AreEqual(Resubmit.NextInit, fresh.Resubmit);
            Assert.AreEqual(180, fresh.SlotSeconds);
            Assert.AreEqual(12000, fresh.InitTimeoutMilliseconds);
            Assert.AreEqual(5000, fresh.RequestTimeoutMilliseconds);
            Assert.IsNull(fresh.MainServerURL);
            Assert.IsNull(fresh.LimitedLicenseModules);
        }

        [Test]
        public void authorize_by_code()
        {
            using (License license = Open())
            {
                LicenseInfo info = license.GetInfo();
                Assert.AreEqual(StatusCode.OK, info.StatusCode);
                Assert.AreEqual(LicenseTrackingServer.Reader, info.HandshakeCode);
                Assert.AreEqual(LicenseTrackingServer.Organization, info.OrganizationID);
                Assert.AreEqual("scans", info.ItemID);
                Assert.AreEqual(ChargeWay.ScanCount, info.ChargeWay);
                Assert.AreEqual(1000000, info.QuotaLimit);
                Assert.AreEqual((StateFlag)0, info.StateFlags);
                Assert.AreEqual(180, info.SlotSeconds);
                Assert.IsTrue(info.Permits(LicenseModule.QRCode));
                Assert.Less(info.AuthorizedAt, info.BufferUntil);
                Assert.Less(info.BufferUntil, info.ValidUntil);
                Assert.AreEqual(36, info.RunUUID.Length);
            }
        }

        [Test]
        public void authorize_by_organization()
        {
            ConnectionParameters parameters = Parameters(null);
            parameters.OrganizationID = LicenseTrackingServer.Organization;
            using (License license = License.FromLTS(parameters))
            {
                Assert.AreEqual(LicenseTrackingServer.Reader, license.GetInfo().HandshakeCode);
            }
        }

        [Test]
        public void authorize_by_license_key()
        {
            ConnectionParameters rest = new ConnectionParameters { DataDirectory = directory };
            using (License license = License.FromKey(server.Key(LicenseTrackingServer.Reader), rest))
            {
                Assert.AreEqual(LicenseTrackingServer.Reader, license.GetInfo().HandshakeCode);
            }
        }

        [Test]
        public void refuse_unknown_code()
        {
            LTSException refusal = Assert.Throws<LTSException>(() => License.FromLTS(Parameters("100001-nobody")));
            Assert.AreEqual(StatusCode.HandshakeCodeNotFound, refusal.Status);
            Assert.AreEqual("HANDSHAKE_CODE_NOT_FOUND", refusal.Name);
            StringAssert.Contains(
                "The handshake code you are using does not exist on the License Tracking Server.", refusal.Message);
        }

        [Test]
        public void refuse_session_password()
        {
            ConnectionParameters parameters = Parameters(LicenseTrackingServer.Locked);
            parameters.SessionPassword = "wrong";
            Assert.AreEqual(StatusCode.SessionPasswordIncorrect, StatusOf(() => License.FromLTS(parameters)));
            parameters.SessionPassword = LicenseTrackingServer.Password;
            using (License license = License.FromLTS(parameters))
            {
                Assert.AreEqual("locked-scans", license.GetInfo().ItemID);
            }
        }

        [Test]
        public void refuse_charge_way()
        {
            ConnectionParameters parameters = Parameters();
            parameters.ChargeWay = ChargeWay.DeviceCount;
            LTSException refusal = Assert.Throws<LTSException>(() => License.FromLTS(parameters));
            Assert.AreEqual(StatusCode.ChargeWayMismatch, refusal.Status);
            StringAssert.Contains("ChargeWay for licenseItem is not matched.", refusal.Message);
        }

        [Test]
        public void no_server()
        {
            ConnectionParameters parameters = Parameters();
            parameters.MainServerURL = LicenseTrackingServer.DeadURL();
            LTSException failure = Assert.Throws<LTSException>(() => License.FromLTS(parameters));
            Assert.AreEqual(StatusCode.FailedToReachLTS, failure.Status);
            StringAssert.Contains(new Uri(parameters.MainServerURL).Authority, failure.Message);
        }

        [Test]
        public void no_code()
        {
            Assert.AreEqual(StatusCode.NoLicense, StatusOf(() => License.FromLTS(Parameters(null))));
        }

        [Test]
        public void standby()
        {
            ConnectionParameters parameters = Parameters();
            parameters.MainServerURL = LicenseTrackingServer.DeadURL();
            parameters.StandbyServerURL = server.URL;
            using (License license = License.FromLTS(parameters))
            {
                Assert.AreEqual(StateFlag.StandbyUsed, license.GetInfo().StateFlags);
            }
        }

        [Test]
        public void cache()
        {
            Open().Dispose();
            server.Stop();
            using (License license = Open())
            {
                LicenseInfo info = license.GetInfo();
                Assert.IsTrue(info.StateFlags.HasFlag(StateFlag.CacheUsed));
                Assert.AreEqual(StatusCode.LicenseCacheUsed, info.StatusCode);
                Assert.IsNotEmpty(info.StatusMessage);
                license.Close(0);
            }
        }

        [Test]
        public void record()
        {
            using (License license = Open())
            {
                license.Record(OperationType.QRCode, 3);
                license.Record(OperationType.EAN13);
                license.Record(OperationType.EAN13);
                Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            }
            CheckTotals(new Dictionary<string, long>
            {
                { "100001-reader scans QR_CODE", 3 },
                { "100001-reader scans EAN_13", 2 }
            });
        }

        [Test]
        public void record_threads()
        {
            using (License license = Open())
            {
                Thread[] threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
                {
                    for (int i = 0; i < 10000; i++)
                    {
                        license.Record(OperationType.Code128);
                    }
                })).ToArray();
                Array.ForEach(threads, thread => thread.Start());
                Array.ForEach(threads, thread => thread.Join());
                Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            }
            Assert.AreEqual(40000, server.Total());
        }

        [Test]
        public void record_errors()
        {
            Assert.AreEqual((int)StatusCode.NoLicense, NativeMethods.LTS_RecordOperation(0, 1, 1));
            License license = Open();
            Assert.AreEqual(StatusCode.InvalidArgument, StatusOf(() => license.Record(OperationType.QRCode, -1)));
            Assert.AreEqual(StatusCode.UnknownOperationType, StatusOf(() => license.Record((OperationType)200)));
            Assert.AreEqual(StatusCode.UnknownOperationType, StatusOf(() => license.Record((OperationType)(-1))));
            license.Record(OperationType.QRCode, 0);
            Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            Assert.AreEqual(StatusCode.InvalidHandle, StatusOf(() => license.Record(OperationType.QRCode)));
            Assert.AreEqual(StatusCode.InvalidHandle, StatusOf(() => license.Submit(0)));
            Assert.AreEqual(StatusCode.InvalidHandle, StatusOf(() => license.PollEvent(0)));
            Assert.AreEqual(StatusCode.InvalidHandle, StatusOf(() => license.GetInfo()));
            Assert.AreEqual(0, server.Total());
        }

        [Test]
        public void host_type()
        {
            using (License license = Open())
            {
                OperationType mrz = license.DefineOperationType("MRZ");
                Assert.GreaterOrEqual((int)mrz, 128);
                Assert.AreEqual(mrz, license.DefineOperationType("MRZ"));
                Assert.AreEqual(OperationType.QRCode, license.DefineOperationType("QR_CODE"));
                Assert.AreEqual(StatusCode.InvalidArgument, StatusOf(() => license.DefineOperationType("no spaces")));
                license.Record(mrz, 4);
                Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            }
            CheckTotals(new Dictionary<string, long> { { "100001-reader scans MRZ", 4 } });
        }

        [Test]
        public void record_at()
        {
            DateTimeOffset hourAgo = DateTimeOffset.UtcNow.AddHours(-1);
            using (License license = Open())
            {
                license.RecordAt(OperationType.PDF417, 2, hourAgo);
                Assert.AreEqual(StatusCode.TimeOutOfRange,
                    StatusOf(() => license.RecordAt(OperationType.PDF417, 1, DateTimeOffset.UtcNow.AddHours(1))));
                Assert.AreEqual(StatusCode.TimeOutOfRange,
                    StatusOf(() => license.RecordAt(OperationType.PDF417, 1, DateTimeOffset.UtcNow.AddDays(-31))));
                Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            }
            long slot = hourAgo.ToUnixTimeSeconds() / 180 * 180;
            CheckTotals(new Dictionary<string, long> { { slot.ToString(), 2 } }, "slot");
        }

        [Test]
        public void submit()
        {
            using (License license = Open())
            {
                license.Record(OperationType.QRCode, 5);
                license.Submit(Patience);
                Assert.AreEqual(0, license.GetInfo().Pending);
                Assert.AreEqual(5, server.Total());
            }
        }

        [Test]
        public void events()
        {
            using (License license = Open())
            {
                license.Record(OperationType.QRCode, 5);
                license.Submit(Patience);
                Event submitted = WaitForEvent(license, EventKind.Submitted);
                Assert.AreEqual(5, submitted.Units);
                Assert.AreEqual(StatusCode.OK, submitted.StatusCode);

                server.Stop();
                license.Record(OperationType.QRCode);
                Assert.Throws<LTSException>(() => license.Submit(Patience));
                Event failed = WaitForEvent(license, EventKind.SubmitFailed);
                Assert.AreEqual(StatusCode.FailedToReachLTS, failed.StatusCode);
                Assert.IsNotEmpty(failed.Message);
                Assert.IsNotNull(failed.Time);
                license.Close(0);
            }
        }

        [Test]
        public void invariant()
        {
            using (License license = Open())
            {
                license.Record(OperationType.QRCode, 7);
                LicenseInfo before = license.GetInfo();
                CheckInvariant(before, 7);
                Assert.AreEqual(7, before.Pending);
                license.Submit(Patience);
                LicenseInfo after = license.GetInfo();
                CheckInvariant(after, 7);
                Assert.AreEqual(7, after.Accepted);
            }
        }

        [Test]
        public void double_close()
        {
            License license = Open();
            Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            Assert.AreEqual((int)StatusCode.InvalidHandle, NativeMethods.LTS_CloseLicense(license.Handle, 0));
            Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            license.Dispose();
        }

        [Test]
        public void outage()
        {
            License license = Open();
            server.Stop();
            license.Record(OperationType.Aztec, 6);
            Assert.AreEqual(StatusCode.ReportsPending, license.Close(Patience));

            server.Start();
            using (License next = Open())
            {
                LicenseTrackingServer.WaitFor(() => next.GetInfo().Pending == 0, "the submission of what was left");
                CheckInvariant(next.GetInfo(), 6);
            }
            CheckTotals(new Dictionary<string, long> { { "100001-reader scans AZTEC", 6 } });
        }

        [Test]
        public void kill()
        {
            using (Process child = Process.Start(new ProcessStartInfo("mono")
            {
                Arguments = string.Join(
                    " ", "RecordUntilKilled.exe", server.URL, LicenseTrackingServer.Reader, directory, "1234"),
                RedirectStandardOutput = true,
                UseShellExecute = false
            }))
            {
                Assert.AreEqual("recorded", child.StandardOutput.ReadLine());
                child.Kill();
                child.WaitForExit();
            }
            using (License license = Open())
            {
                license.Submit(Patience);
                CheckInvariant(license.GetInfo(), 1234);
            }
            Assert.AreEqual(1234, server.Total());
        }

        [Test]
        public void device_uuid()
        {
            string other = Path.Combine(directory, "other");
            string first;
            using (License license = Open())
            {
                first = license.GetInfo().DeviceUUID;
            }
            Assert.AreEqual(36, first.Length);
            using (License license = Open())
            {
                Assert.AreEqual(first, license.GetInfo().DeviceUUID);
            }
            Assert.AreEqual(first, LTS.DeviceUUID(new ConnectionParameters { DataDirectory = directory }));
            Assert.AreNotEqual(first, LTS.DeviceUUID(new ConnectionParameters { DataDirectory = other }));
        }

        [Test]
        public void bad_directory()
        {
            string file = Path.Combine(directory, "file");
            File.WriteAllText(file, "");
            ConnectionParameters parameters = Parameters();
            parameters.DataDirectory = Path.Combine(file, "data");
            using (License license = License.FromLTS(parameters))
            {
                Assert.IsTrue(license.GetInfo().StateFlags.HasFlag(StateFlag.StorageDegraded));
                license.Record(OperationType.QRCode, 3);
                Assert.AreEqual(StatusCode.OK, license.Close(Patience));
            }
            Assert.AreEqual(3, server.Total());
        }

        [Test]
        public void two_licenses()
        {
            ConnectionParameters locked = Parameters(LicenseTrackingServer.Locked);
            locked.SessionPassword = LicenseTrackingServer.Password;
            using (License first = Open())
            using (License second = License.FromLTS(locked))
            {
                first.Record(OperationType.QRCode, 1);
                second.Record(OperationType.QRCode, 2);
                Assert.AreEqual(StatusCode.OK, first.Close(Patience));
                Assert.AreEqual(StatusCode.OK, second.Close(Patience));
            }
            CheckTotals(new Dictionary<string, long>
            {
                { "100001-reader scans QR_CODE", 1 },
                { "100001-locked locked-scans QR_CODE", 2 }
            });
        }
    }
}
