using System;
using System.Runtime.InteropServices;

namespace OpenLTS
{
    /// <summary>The functions and structs of openlts.h, in the order and with the names of that header.
    /// Nothing but declarations. Texts are UTF-8: those passed in are pointers (see NativeText), those
    /// received are byte arrays, because the framework's own marshalling knows UTF-8 not everywhere.</summary>
    internal static class NativeMethods
    {
        private const string Library = "openlts";
        private const CallingConvention Convention = CallingConvention.Cdecl;

        internal const int MessageSize = 256;

        [StructLayout(LayoutKind.Sequential)]
        internal struct LTS_ConnectionParameters
        {
            // generated: ConnectionParameters
            public uint structSize;
            public int reserved;
            public IntPtr mainServerURL;
            public IntPtr standbyServerURL;
            public IntPtr handshakeCode;
            public IntPtr sessionPassword;
            public IntPtr organizationID;
            public int deploymentType;
            public int chargeWay;
            public int UUIDGenerationMethod;
            public int maxBufferDays;
            public IntPtr limitedLicenseModules;
            public int limitedLicenseModulesCount;
            public int maxConcurrentInstanceCount;
            public int products;
            public int resubmit;
            public IntPtr productVersion;
            public IntPtr edition;
            public IntPtr validationField;
            public IntPtr deviceFriendlyName;
            public IntPtr deviceUUID;
            public IntPtr serverPublicKey;
            public IntPtr caFile;
            public IntPtr proxyURL;
            public IntPtr dataDirectory;
            public int slotSeconds;
            public int initTimeoutMilliseconds;
            public int requestTimeoutMilliseconds;
            public int reserved2;
            // generated: end
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct LTS_LicenseInfo
        {
            // generated: LicenseInfo
            public uint structSize;
            public uint stateFlags;
            public int statusCode;
            public int chargeWay;
            public int slotSeconds;
            public int reserved;
            public long authorizedAt;
            public long validUntil;
            public long bufferUntil;
            public long quotaLimit;
            public long quotaUsed;
            public ulong modules;
            public long recorded;
            public long accepted;
            public long pending;
            public long lost;
            public long lostExpired;
            public long lostRefused;
            public long lostStorage;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 40)] public byte[] deviceUUID;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 40)] public byte[] runUUID;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 256)] public byte[] handshakeCode;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 256)] public byte[] organizationID;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 256)] public byte[] itemID;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 256)] public byte[] statusMessage;
            // generated: end
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct LTS_Event
        {
            // generated: Event
            public uint structSize;
            public int kind;
            public int statusCode;
            public uint stateFlags;
            public long time;
            public long units;
            [MarshalAs(UnmanagedType.ByValArray, SizeConst = 256)] public byte[] message;
            // generated: end
        }

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern IntPtr LTS_Version();

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_ABIVersion();

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern IntPtr LTS_StatusName(int status);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern IntPtr LTS_StatusMessage(int status);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_InitLTSConnectionParameters(
            ref LTS_ConnectionParameters parameters, uint structSize);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_InitLicenseFromLTS(
            ref LTS_ConnectionParameters parameters, out long license, byte[] errorMessage, int errorMessageLength);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_InitLicense(
            IntPtr licenseKey, ref LTS_ConnectionParameters parameters, out long license, byte[] errorMessage,
            int errorMessageLength);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_DefineOperationType(long license, IntPtr name, out int operationType);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_RecordOperation(long license, int operationType, int count);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_RecordOperationAt(long license, int operationType, int count, long time);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_SubmitReports(long license, int timeoutMilliseconds);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_PollEvent(long license, ref LTS_Event e, int timeoutMilliseconds);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_GetLicenseInfo(long license, ref LTS_LicenseInfo info);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_GetDeviceUUID(ref LTS_ConnectionParameters parameters, byte[] uuid, int length);

        [DllImport(Library, CallingConvention = Convention)]
        internal static extern int LTS_CloseLicense(long license, int timeoutMilliseconds);
    }
}
