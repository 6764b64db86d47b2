using System;
using System.Threading;

namespace OpenLTS.Tests
{
    /// <summary>A process that records and never closes its license: the test kills it.
    /// Arguments: server URL, handshake code, data directory, number of operations.</summary>
    internal static class RecordUntilKilled
    {
        private static void Main(string[] arguments)
        {
            License license = License.FromLTS(new ConnectionParameters
            {
                MainServerURL = arguments[0],
                HandshakeCode = arguments[1],
                DataDirectory = arguments[2]
            });
            for (int i = 0; i < int.Parse(arguments[3]); i++)
            {
                license.Record(OperationType.QRCode);
            }
            Console.WriteLine("recorded");
            Console.Out.Flush();
            Thread.Sleep(Timeout.Infinite);
            GC.KeepAlive(license);
        }
    }
}
