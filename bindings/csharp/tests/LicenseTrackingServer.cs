using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Json;
using System.Linq;
using System.Threading;

namespace OpenLTS.Tests
{
    /// <summary>A server of the testbed, with the fixture `standard` of conformance/scenarios.json. Disposing it
    /// ends the server and removes its data.</summary>
    internal sealed class LicenseTrackingServer : IDisposable
    {
        internal const string Organization = "100001";
        internal const string Reader = "100001-reader";
        internal const string Locked = "100001-locked";
        internal const string Password = "s3cret";

        private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

        private readonly int number = Testbed.Ask("make");

        /// <summary>Makes and starts it.</summary>
        internal LicenseTrackingServer()
        {
            Start();
        }

        private JsonValue Ask(string what, JsonObject request = null)
        {
            request = request ?? new JsonObject();
            request["server"] = number;
            return Testbed.Ask(what, request);
        }

        /// <summary>Where it answers; stays the same over Stop and Start.</summary>
        internal string URL { get; private set; }

        internal static string TemporaryDirectory()
        {
            string path = Path.Combine(Path.GetTempPath(), "openlts-" + Path.GetRandomFileName());
            Directory.CreateDirectory(path);
            return path;
        }

        /// <summary>An address where nothing listens.</summary>
        internal static string DeadURL()
        {
            return Testbed.Ask("unreachable");
        }

        internal void Start()
        {
            URL = Ask("start");
        }

        internal void Stop()
        {
            Ask("stop");
        }

        public void Dispose()
        {
            Ask("remove");
        }

        /// <summary>Runs an administration command on the server's data directory.</summary>
        /// <returns>What it prints.</returns>
        internal string Administrate(params string[] arguments)
        {
            var all = new JsonArray(arguments.Select(argument => (JsonValue)argument));
            return ((string)Ask("run", new JsonObject { { "arguments", all } })).Trim();
        }

        /// <summary>The license key for a code, one string.</summary>
        internal string Key(string code)
        {
            return Administrate("handshake", "key", code, "--server", URL);
        }

        /// <summary>What the server counted: the value of each column of `by`, joined by spaces, and the
        /// count.</summary>
        internal Dictionary<string, long> Stats(string by = "handshake,item,type")
        {
            var counts = (JsonObject)Ask("counts", new JsonObject { { "by", by } });
            return counts.ToDictionary(count => count.Key, count => (long)count.Value);
        }

        internal long Total()
        {
            return Ask("total");
        }

        internal static void WaitFor(Func<bool> condition, string what)
        {
            Stopwatch watch = Stopwatch.StartNew();
            while (!condition())
            {
                if (watch.Elapsed > patience)
                {
                    throw new TimeoutException("waited in vain for " + what);
                }
                Thread.Sleep(10);
            }
        }
    }
}
