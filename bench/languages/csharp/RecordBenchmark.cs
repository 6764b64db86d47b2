using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace OpenLTS.Benchmark
{
    /// <summary>What recording costs in C#, compared with an empty native function. Run by build/bench;
    /// prints JSON for bench/record/run.py.
    ///
    /// usage: RecordBenchmark URL HANDSHAKE-CODE DIRECTORY ROUNDS CALLS</summary>
    internal static class RecordBenchmark
    {
        private sealed class Case
        {
            internal string Name, Description, Baseline;
            internal Action<long> Loop;
            internal readonly List<double> Rounds = new List<double>();

            internal string JSON =>
                "{\"name\":\"" + Name + "\",\"description\":\"" + Description + "\",\"baseline\":"
                + (Baseline == null ? "null" : "\"" + Baseline + "\"") + ",\"rounds\":["
                + string.Join(",", Rounds.Select(each => each.ToString("R", CultureInfo.InvariantCulture))) + "]}";
        }

        [DllImport("baseline", CallingConvention = CallingConvention.Cdecl)]
        private static extern int baseline_empty(long license, int operationType, int count);

        [DllImport("openlts", CallingConvention = CallingConvention.Cdecl)]
        private static extern int LTS_RecordOperation(long license, int operationType, int count);

        private static void Main(string[] args)
        {
            var parameters = new ConnectionParameters
            {
                MainServerURL = args[0],
                HandshakeCode = args[1],
                DataDirectory = Path.Combine(args[2], "csharp"),
            };
            int rounds = int.Parse(args[3], CultureInfo.InvariantCulture);
            long calls = long.Parse(args[4], CultureInfo.InvariantCulture);
            using (License license = License.FromLTS(parameters))
            {
                long handle = license.Handle;
                int number = (int)OperationType.QRCode;
                var cases = new[]
                {
                    new Case
                    {
                        Name = "empty_native", Description = "an empty native function (P/Invoke)",
                        Loop = times => { for (long i = 0; i < times; i++) baseline_empty(handle, number, 1); },
                    },
                    new Case
                    {
                        Name = "pinvoke", Description = "LTS_RecordOperation by P/Invoke", Baseline = "empty_native",
                        Loop = times => { for (long i = 0; i < times; i++) LTS_RecordOperation(handle, number, 1); },
                    },
                    new Case
                    {
                        Name = "record", Description = "License.Record", Baseline = "empty_native",
                        Loop = times => { for (long i = 0; i < times; i++) license.Record(OperationType.QRCode); },
                    },
                };
                for (int round = 0; round <= rounds; round++)
                {
                    foreach (Case each in cases)
                    {
                        var watch = Stopwatch.StartNew();
                        each.Loop(calls);
                        watch.Stop();
                        if (round > 0) // the first warms up
                        {
                            each.Rounds.Add(watch.Elapsed.TotalMilliseconds * 1e6 / calls);
                        }
                    }
                }
                Console.WriteLine("{\"language\":\"C# (Mono " + MonoVersion() + ")\",\"cases\":["
                    + string.Join(",", cases.Select(each => each.JSON)) + "]}");
            }
        }

        private static string MonoVersion()
        {
            var method = Type.GetType("Mono.Runtime")?.GetMethod(
                "GetDisplayName", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static);
            return method == null ? "?" : ((string)method.Invoke(null, null)).Split(' ')[0];
        }
    }
}
