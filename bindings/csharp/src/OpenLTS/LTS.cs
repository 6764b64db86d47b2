namespace OpenLTS
{
    /// <summary>What needs no license: versions, the texts of status codes, the client UUID. May be called
    /// from any thread. The first use of the native library throws a
    /// <see cref="System.DllNotFoundException"/> which says what to do if it is missing or of another
    /// version.</summary>
    public static class LTS
    {
        /// <summary>The version of the binary interface this assembly was written for.</summary>
        public const int ABIVersionRequired = 1;

        /// <summary>The version of the native library, such as "0.1.0".</summary>
        public static string Version
        {
            get
            {
                NativeLibrary.Require();
                return NativeText.Read(NativeMethods.LTS_Version());
            }
        }

        /// <summary>The version of the native library's binary interface; the same as
        /// <see cref="ABIVersionRequired"/>.</summary>
        public static int ABIVersion
        {
            get
            {
                NativeLibrary.Require();
                return NativeMethods.LTS_ABIVersion();
            }
        }

        /// <summary>The stable name of a status code, such as "LIMIT_EXCEEDED"; "UNKNOWN" if there is
        /// none.</summary>
        public static string StatusName(StatusCode status)
        {
            NativeLibrary.Require();
            return NativeText.Read(NativeMethods.LTS_StatusName((int)status));
        }

        /// <summary>The text of a status code for people. Texts may be improved; compare the
        /// number.</summary>
        public static string StatusMessage(StatusCode status)
        {
            NativeLibrary.Require();
            return NativeText.Read(NativeMethods.LTS_StatusMessage((int)status));
        }

        /// <summary>The client UUID the device would use with these parameters (null: the defaults), created
        /// if there is none yet. Works without any license. Blocks for a write to the data
        /// directory.</summary>
        /// <returns>36 characters.</returns>
        /// <exception cref="LTSException">LicenseBufferFailed if the data directory can't be used;
        /// InvalidArgument, Internal.</exception>
        public static string DeviceUUID(ConnectionParameters parameters = null)
        {
            byte[] uuid = new byte[NativeMethods.MessageSize];
            using (NativeText text = new NativeText())
            {
                var native = (parameters ?? new ConnectionParameters()).ToNative(text);
                LTSException.Check(NativeMethods.LTS_GetDeviceUUID(ref native, uuid, uuid.Length));
            }
            return NativeText.Read(uuid);
        }
    }
}
