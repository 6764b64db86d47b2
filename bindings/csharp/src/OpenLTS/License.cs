using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace OpenLTS
{
    /// <summary>A license in use: the result of a successful authorization. Metering begins when it is
    /// created and ends when it is closed.
    ///
    /// Every method may be called from any thread at any time, also while another thread closes the
    /// license: a call that comes too late fails with InvalidHandle. A license that is never closed loses
    /// nothing; what it recorded is submitted by the next start at the latest.</summary>
    public sealed class License : IDisposable
    {
        /// <summary>How long <see cref="Dispose"/> may wait for the server.</summary>
        public const int CloseTimeoutMilliseconds = 3000;

        private readonly LicenseHandle handle;

        private License(long handle)
        {
            this.handle = new LicenseHandle(handle);
        }

        /// <summary>Asks the License Tracking Server for an authorization and begins metering. If no server
        /// can be reached, the cached authorization is used while it is valid; StateFlag.CacheUsed tells.
        /// Blocks for InitTimeoutMilliseconds at most.</summary>
        /// <exception cref="LTSException">A server's refusal (-20100 to -20199), NoLicense,
        /// FailedToReachLTS, ServerKeyMismatch, ServerResponseInvalid, InvalidArgument, TooMany (64 licenses
        /// are open), Internal.</exception>
        public static License FromLTS(ConnectionParameters parameters)
        {
            return Opening(Required(parameters))();
        }

        /// <summary>The same without blocking: the network is used by a thread of its own. The parameters are
        /// read before the method returns.</summary>
        /// <param name="parameters">As for <see cref="FromLTS"/>.</param>
        /// <param name="cancellation">Ends the waiting. A license that is granted after that is closed.</param>
        /// <exception cref="LTSException">As <see cref="FromLTS"/>, by the task.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public static Task<License> FromLTSAsync(
            ConnectionParameters parameters, CancellationToken cancellation = default(CancellationToken))
        {
            return OpenAsync(() => Opening(Required(parameters)), cancellation);
        }

        /// <summary>The same with one string, the license key which <c>lts handshake key</c>
        /// prints.</summary>
        /// <param name="licenseKey">The key.</param>
        /// <param name="parameters">What the key does not say; null for the defaults.</param>
        /// <exception cref="LTSException">As <see cref="FromLTS"/>.</exception>
        public static License FromKey(string licenseKey, ConnectionParameters parameters = null)
        {
            return Opening(licenseKey, parameters ?? new ConnectionParameters())();
        }

        /// <summary>The same without blocking, as <see cref="FromLTSAsync"/>.</summary>
        /// <param name="licenseKey">The key.</param>
        /// <param name="parameters">What the key does not say; null for the defaults.</param>
        /// <param name="cancellation">Ends the waiting. A license that is granted after that is closed.</param>
        /// <exception cref="LTSException">As <see cref="FromLTS"/>, by the task.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public static Task<License> FromKeyAsync(
            string licenseKey, ConnectionParameters parameters = null,
            CancellationToken cancellation = default(CancellationToken))
        {
            return OpenAsync(() => Opening(licenseKey, parameters ?? new ConnectionParameters()), cancellation);
        }

        private static ConnectionParameters Required(ConnectionParameters parameters)
        {
            return parameters ?? throw new ArgumentNullException(nameof(parameters));
        }

        private static Task<License> OpenAsync(Func<Func<License>> prepare, CancellationToken cancellation)
        {
            return cancellation.IsCancellationRequested ? Task.FromCanceled<License>(cancellation)
                : OwnThread.Run(prepare(), late => late.Close(0), cancellation);
        }

        private delegate int Initialize(
            ref NativeMethods.LTS_ConnectionParameters native, out long handle, byte[] message);

        /// <summary>What asks for the license, called once. It holds copies of everything it needs.</summary>
        private static Func<License> Opening(ConnectionParameters parameters)
        {
            NativeText text = new NativeText();
            return Opening(text, parameters, (ref NativeMethods.LTS_ConnectionParameters native, out long handle, byte[] message) =>
                NativeMethods.LTS_InitLicenseFromLTS(ref native, out handle, message, message.Length));
        }

        private static Func<License> Opening(string licenseKey, ConnectionParameters parameters)
        {
            NativeText text = new NativeText();
            IntPtr key = text.Copy(licenseKey, nameof(licenseKey));
            return Opening(text, parameters, (ref NativeMethods.LTS_ConnectionParameters native, out long handle, byte[] message) =>
                NativeMethods.LTS_InitLicense(key, ref native, out handle, message, message.Length));
        }

        private static Func<License> Opening(NativeText text, ConnectionParameters parameters, Initialize initialize)
        {
            NativeMethods.LTS_ConnectionParameters native;
            try
            {
                native = parameters.ToNative(text);
            }
            catch
            {
                text.Dispose();
                throw;
            }
            return () =>
            {
                using (text)
                {
                    byte[] message = new byte[NativeMethods.MessageSize];
                    int status = initialize(ref native, out long handle, message);
                    return Opened(status, handle, message);
                }
            };
        }

        private static License Opened(int status, long handle, byte[] message)
        {
            if (status != (int)StatusCode.OK)
            {
                throw new LTSException((StatusCode)status, NativeText.Read(message));
            }
            return new License(handle);
        }

        /// <summary>The number by which native code in this process knows the license: an SDK written in C
        /// may be given it and call LTS_RecordOperation itself. Keep the License alive
        /// meanwhile.</summary>
        public long Handle => handle.Value;

        /// <summary>Records successful operations, done now. They are counted exactly once, even if the
        /// process is killed in the next instant. Does not block, and costs what a native call
        /// costs.</summary>
        /// <param name="operationType">A listed one, or from <see cref="DefineOperationType"/>.</param>
        /// <param name="count">0 or more.</param>
        /// <exception cref="LTSException">InvalidHandle (closed), UnknownOperationType, InvalidArgument
        /// (count is negative); nothing is counted then.</exception>
        public void Record(OperationType operationType, int count = 1)
        {
            int status = NativeMethods.LTS_RecordOperation(handle.Value, (int)operationType, count);
            GC.KeepAlive(this); // else the finalizer of an otherwise unused license could run before the call
            LTSException.Check(status);
        }

        /// <summary>Records successful operations done at a time of the past: up to 30 days back and not in
        /// the future. They are durable when the method returns. Blocks for a write to the data
        /// directory.</summary>
        /// <exception cref="LTSException">As <see cref="Record"/>, and TimeOutOfRange, LicenseBufferFailed,
        /// Internal.</exception>
        public void RecordAt(OperationType operationType, int count, DateTimeOffset time)
        {
            int status = NativeMethods.LTS_RecordOperationAt(
                handle.Value, (int)operationType, count, time.ToUnixTimeSeconds());
            GC.KeepAlive(this);
            LTSException.Check(status);
        }

        /// <summary>Defines an operation type by name, for what OperationType does not list. Blocks for a
        /// write to the data directory.</summary>
        /// <param name="name">1 to 64 characters out of A-Z, 0-9 and _, starting with a letter.</param>
        /// <returns>The number, for this license until it is closed; the same for the same name.</returns>
        /// <exception cref="LTSException">InvalidArgument, InvalidHandle, TooMany (128 are defined),
        /// Internal.</exception>
        public OperationType DefineOperationType(string name)
        {
            using (NativeText text = new NativeText())
            {
                int status = NativeMethods.LTS_DefineOperationType(
                    handle.Value, text.Copy(name, nameof(name)), out int operationType);
                GC.KeepAlive(this);
                LTSException.Check(status);
                return (OperationType)operationType;
            }
        }

        /// <summary>Submits everything recorded so far, now. Blocks for timeoutMilliseconds at
        /// most.</summary>
        /// <exception cref="LTSException">ReportsPending, FailedToReachLTS or DeadlineExceeded if reports are
        /// left, which are kept; InvalidHandle, Internal.</exception>
        public void Submit(int timeoutMilliseconds)
        {
            int status = NativeMethods.LTS_SubmitReports(handle.Value, timeoutMilliseconds);
            GC.KeepAlive(this);
            LTSException.Check(status);
        }

        /// <summary>The same without blocking, by a thread of its own.</summary>
        /// <param name="timeoutMilliseconds">As for <see cref="Submit"/>.</param>
        /// <param name="cancellation">Ends the waiting, not the submission.</param>
        /// <exception cref="LTSException">As <see cref="Submit"/>, by the task.</exception>
        /// <exception cref="OperationCanceledException">It was cancelled.</exception>
        public Task SubmitAsync(
            int timeoutMilliseconds, CancellationToken cancellation = default(CancellationToken))
        {
            return cancellation.IsCancellationRequested ? Task.FromCanceled(cancellation)
                : OwnThread.Run(() => { Submit(timeoutMilliseconds); return true; }, done => { }, cancellation);
        }

        /// <summary>Waits for the next event. Up to 256 are kept, then the oldest are dropped. Blocks for
        /// timeoutMilliseconds at most (0: not at all; at most 60000), and returns early when the license is
        /// closed.</summary>
        /// <returns>The event, or null if there is none.</returns>
        /// <exception cref="LTSException">InvalidHandle, InvalidArgument, Internal.</exception>
        public Event PollEvent(int timeoutMilliseconds)
        {
            var native = new NativeMethods.LTS_Event
            {
                structSize = (uint)Marshal.SizeOf<NativeMethods.LTS_Event>()
            };
            int result = NativeMethods.LTS_PollEvent(handle.Value, ref native, timeoutMilliseconds);
            GC.KeepAlive(this);
            if (result < 0)
            {
                LTSException.Check(result);
            }
            return result == 0 ? null : new Event(native);
        }

        /// <summary>What is known of the license. Reads the data directory; does not use the
        /// network.</summary>
        /// <exception cref="LTSException">InvalidHandle, Internal.</exception>
        public LicenseInfo GetInfo()
        {
            var native = new NativeMethods.LTS_LicenseInfo
            {
                structSize = (uint)Marshal.SizeOf<NativeMethods.LTS_LicenseInfo>()
            };
            int status = NativeMethods.LTS_GetLicenseInfo(handle.Value, ref native);
            GC.KeepAlive(this);
            LTSException.Check(status);
            return new LicenseInfo(native);
        }

        /// <summary>Ends metering: seals what was recorded, submits it, and gives the license back. Nothing is
        /// lost whatever it returns. A second call does nothing and gives OK. Blocks for timeoutMilliseconds
        /// at most (0: does not use the network).</summary>
        /// <returns>OK; ReportsPending or DeadlineExceeded if reports are left for the next start;
        /// Internal.</returns>
        public StatusCode Close(int timeoutMilliseconds)
        {
            return handle.Close(timeoutMilliseconds);
        }

        /// <summary>The same without blocking, by a thread of its own.</summary>
        public Task<StatusCode> CloseAsync(int timeoutMilliseconds = CloseTimeoutMilliseconds)
        {
            return OwnThread.Run(() => Close(timeoutMilliseconds), status => { }, CancellationToken.None);
        }

        /// <summary>Ends metering, as <see cref="Close"/> with <see cref="CloseTimeoutMilliseconds"/>. Never
        /// throws: what can't be submitted in time stays in the data directory for the next
        /// start.</summary>
        public void Dispose()
        {
            Close(CloseTimeoutMilliseconds);
        }
    }
}
