using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NUnit.Framework;

namespace OpenLTS.Tests
{
    /// <summary>The methods that give a task.</summary>
    [TestFixture]
    public sealed class AsyncTests
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

        private ConnectionParameters Parameters(string url, string code = LicenseTrackingServer.Reader)
        {
            return new ConnectionParameters { MainServerURL = url, HandshakeCode = code, DataDirectory = directory };
        }

        [Test]
        public void a_license_is_opened_used_and_closed()
        {
            using (var server = new LicenseTrackingServer())
            {
                ConnectionParameters parameters = Parameters(server.URL);
                Task<License> opening = License.FromLTSAsync(parameters);
                parameters.HandshakeCode = "another"; // what was asked for was read before
                License license = opening.GetAwaiter().GetResult();
                license.Record(OperationType.QRCode, 3);
                license.SubmitAsync(10000).GetAwaiter().GetResult();
                Assert.AreEqual(3, license.GetInfo().Accepted);
                Assert.AreEqual(StatusCode.OK, license.CloseAsync(10000).GetAwaiter().GetResult());
                Assert.AreEqual(
                    StatusCode.InvalidHandle,
                    Assert.Throws<LTSException>(() => license.SubmitAsync(1).GetAwaiter().GetResult()).Status);
            }
        }

        [Test]
        public void a_refusal_comes_by_the_task()
        {
            using (var server = new LicenseTrackingServer())
            {
                Task<License> opening = License.FromLTSAsync(Parameters(server.URL, "100001-misspelt"));
                LTSException e = Assert.Throws<LTSException>(() => opening.GetAwaiter().GetResult());
                Assert.AreEqual(StatusCode.HandshakeCodeNotFound, e.Status);
                opening = License.FromKeyAsync("no key", Parameters(server.URL));
                Assert.Throws<LTSException>(() => opening.GetAwaiter().GetResult());
            }
        }

        [Test]
        public void waiting_for_a_server_that_is_silent_can_be_cancelled()
        {
            var silent = new TcpListener(IPAddress.Loopback, 0);
            silent.Start();
            try
            {
                ConnectionParameters parameters = Parameters("http://127.0.0.1:" + ((IPEndPoint)silent.LocalEndpoint).Port);
                var cancellation = new CancellationTokenSource();
                Task<License> opening = License.FromLTSAsync(parameters, cancellation.Token);
                silent.AcceptTcpClient(); // it is asked
                Assert.IsFalse(opening.IsCompleted);
                cancellation.Cancel();
                Assert.Throws<TaskCanceledException>(() => opening.GetAwaiter().GetResult());
                Assert.IsTrue(License.FromLTSAsync(parameters, cancellation.Token).IsCanceled);
            }
            finally
            {
                silent.Stop();
            }
        }

        [Test]
        public void what_comes_after_a_cancellation_is_undone()
        {
            var cancellation = new CancellationTokenSource();
            var go = new ManualResetEventSlim();
            var undone = new TaskCompletionSource<int>();
            Task<int> task = OwnThread.Run(
                () =>
                {
                    go.Wait();
                    return 7;
                },
                undone.SetResult,
                cancellation.Token);
            cancellation.Cancel();
            Assert.Throws<TaskCanceledException>(() => task.GetAwaiter().GetResult());
            go.Set();
            Assert.AreEqual(7, undone.Task.GetAwaiter().GetResult());
        }

        [Test]
        public void null_is_refused_at_once()
        {
            Assert.Throws<ArgumentNullException>(() => License.FromLTSAsync(null));
        }
    }
}
