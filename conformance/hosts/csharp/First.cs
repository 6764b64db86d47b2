using System;
using System.Threading;
using OpenLTS;

static class First
{
    static void Main()
    {
        using (var license = License.FromKey(Environment.GetEnvironmentVariable("LTS_KEY")))
        {
            var threads = new Thread[4];
            for (int thread = 0; thread < 4; thread++)
            {
                threads[thread] = new Thread(() =>
                {
                    for (int i = 0; i < 1000; i++) license.Record(OperationType.QRCode);
                });
                threads[thread].Start();
            }
            for (int i = 0; i < 500; i++) license.Record(OperationType.PageScanned);
            foreach (var thread in threads) thread.Join();
            Console.WriteLine("recorded");
        }
    }
}
