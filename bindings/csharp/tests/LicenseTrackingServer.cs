using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Json;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace OpenLTS.Tests
{
    /// <summary>A real `lts serve` on a free port, with the fixture `standard` of
    /// conformance/scenarios.json. Disposing it ends the server and removes its data.</summary>
    internal sealed class LicenseTrackingServer : IDisposable
    {
        internal const string Organization = "100001";
        internal const string Reader = "100001-reader";
        internal const string Locked = "100001-locked";
        internal const string Password = "s3cret";

        private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

        private readonly string directory = TemporaryDirectory();
        private readonly StringBuilder log = new StringBuilder();
        private Process process;

        internal LicenseTrackingServer()
        {
            Administrate("org", "add", "Example", "--id", Organization);
            Administrate("handshake", "add", "reader", "--org", Organization, "--default");
            Administrate("handshake", "add", "locked", "--org", Organization, "--session-password", Password);
            AddScanItem("scans", Reader);
            AddScanItem("locked-scans", Locked);
            Start();
        }

        private void AddScanItem(string name, string code)
        {
            Administrate("item", "add", name, "--id", name, "--org", Organization, "--charge-way", "scan",
                "--quota", "1000000", "--handshake", code);
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
            TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            return "http://127.0.0.1:" + port;
        }

        internal void Start()
        {
            string urlFile = Path.Combine(directory, "url");
            File.Delete(urlFile);
            string listen = URL == null ? "127.0.0.1:0" : new Uri(URL).Authority;
            process = Launch("serve", "--listen", listen, "--url-file", urlFile);
            process.ErrorDataReceived += Log;
            process.OutputDataReceived += Log;
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            WaitFor(() => File.Exists(urlFile) || process.HasExited, "the server to listen");
            if (process.HasExited)
            {
                throw new InvalidOperationException("lts serve ended at once:\n" + log);
            }
            URL = File.ReadAllText(urlFile).Trim();
        }

        private void Log(object sender, DataReceivedEventArgs line)
        {
            lock (log)
            {
                log.AppendLine(line.Data);
            }
        }

        internal void Stop()
        {
            if (process != null)
            {
                process.Kill();
                process.WaitForExit();
                process.Dispose();
                process = null;
            }
        }

        public void Dispose()
        {
            Stop();
            Directory.Delete(directory, true);
        }

        /// <summary>Runs an administration command on the server's data directory.</summary>
        /// <returns>What it prints.</returns>
        internal string Administrate(params string[] arguments)
        {
            using (Process command = Launch(arguments))
            {
                var errors = command.StandardError.ReadToEndAsync();
                string output = command.StandardOutput.ReadToEnd();
                command.WaitForExit();
                if (command.ExitCode != 0)
                {
                    throw new InvalidOperationException("lts " + string.Join(" ", arguments) + ": " + errors.Result);
                }
                return output.Trim();
            }
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
            JsonValue stats = JsonValue.Parse(Administrate("stats", "--json", "--by", by));
            string[] columns = by.Split(',');
            return stats["rows"].Cast<JsonValue>().ToDictionary(
                row => string.Join(" ", columns.Select(column => row[column].ToString().Trim('"'))),
                row => (long)row["count"]);
        }

        internal long Total()
        {
            return (long)JsonValue.Parse(Administrate("stats", "--json"))["total"];
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

        private Process Launch(params string[] arguments)
        {
            var all = arguments.Concat(new[] { "--data", directory });
            return Process.Start(new ProcessStartInfo(Repository.Command)
            {
                Arguments = string.Join(" ", all.Select(argument => "\"" + argument + "\"")),
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false
            });
        }
    }
}
