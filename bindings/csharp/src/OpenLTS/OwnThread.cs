using System;
using System.Threading;
using System.Threading.Tasks;

namespace OpenLTS
{
    /// <summary>Native calls that block, made from a thread of their own: those of the pool are few, and other
    /// work waits for them. Such calls come at a license's start and end, so that a thread costs nothing that
    /// counts.</summary>
    internal static class OwnThread
    {
        /// <summary>Runs a call to its end. If it is cancelled before that, the task ends at once, and what the
        /// call gives later is undone: native code can't be interrupted, and has its own time limit.</summary>
        internal static Task<T> Run<T>(Func<T> call, Action<T> undo, CancellationToken cancellation)
        {
            var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            CancellationTokenRegistration registration =
                cancellation.Register(() => completion.TrySetCanceled(cancellation));
            new Thread(() =>
            {
                try
                {
                    T result = call();
                    if (!completion.TrySetResult(result))
                    {
                        undo(result);
                    }
                }
                catch (Exception e)
                {
                    completion.TrySetException(e);
                }
                finally
                {
                    registration.Dispose();
                }
            })
            { IsBackground = true, Name = "OpenLTS" }.Start();
            return completion.Task;
        }
    }
}
