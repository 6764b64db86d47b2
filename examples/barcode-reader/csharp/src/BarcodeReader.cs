using OpenLTS;

namespace BarcodeReading
{
    /// <summary>Decodes the barcodes of image files, and records each of them. The license belongs to the
    /// process: initialize it once, then make as many readers as wanted. May be used by several
    /// threads.</summary>
    public sealed class BarcodeReader
    {
        private const string Version = "1.0.0";

        /// <summary>The License Tracking Server of the vendor, used unless the SDK's user names
        /// another.</summary>
        internal static string HostedServerURL = "https://lts.example.com";

        private static readonly object initialization = new object();
        private static volatile string licenseCachePath;
        private static volatile License license;

        /// <summary>Fresh parameters with the SDK's defaults.</summary>
        public static DMLTSConnectionParameters InitLTSConnectionParameters()
        {
            return new DMLTSConnectionParameters(SDKParameters());
        }

        /// <summary>The same in the spelling in which it was published first.</summary>
        public static DMLTSConnectionParameters InitLTSConnectionParamters()
        {
            return InitLTSConnectionParameters();
        }

        /// <summary>Where license and usage are kept, for hosts whose home directory is not writable or not
        /// kept; .openlts in the home directory if never called. To be called before
        /// InitLicenseFromLTS.</summary>
        public static void SetLicenseCachePath(string directory)
        {
            licenseCachePath = directory;
        }

        /// <summary>What this SDK asks for.</summary>
        private static ConnectionParameters SDKParameters()
        {
            return new ConnectionParameters
            {
                MainServerURL = HostedServerURL,
                Products = Product.DBR,
                ProductVersion = Version,
                Edition = "DotNet",
                DataDirectory = licenseCachePath
            };
        }

        /// <summary>Gets the process authorized; until then nothing is decoded. A second call replaces the
        /// license; if it fails the first stays. Blocks for 12 seconds at most.</summary>
        /// <param name="parameters">From <see cref="InitLTSConnectionParameters"/>.</param>
        /// <param name="errorMsg">What happened and what to do; "" after success.</param>
        /// <returns>DBR_OK, or why the server refused or could not be reached.</returns>
        public static EnumErrorCode InitLicenseFromLTS(DMLTSConnectionParameters parameters, out string errorMsg)
        {
            errorMsg = "";
            if (parameters == null)
            {
                errorMsg = "There are no connection parameters: call InitLTSConnectionParameters first.";
                return EnumErrorCode.DBRERR_NULL_POINTER;
            }
            ConnectionParameters all = SDKParameters();
            parameters.CopyTo(all);
            lock (initialization)
            {
                License old = license;
                try
                {
                    license = License.FromLTS(all);
                }
                catch (LTSException e)
                {
                    errorMsg = e.Message;
                    return (EnumErrorCode)e.Status;
                }
                old?.Dispose();
                return EnumErrorCode.DBR_OK;
            }
        }

        /// <summary>Submits what was recorded and gives the license back. What can't be submitted within the
        /// time is kept and submitted at the next start.</summary>
        public static void ReleaseLicense(int timeoutMilliseconds)
        {
            lock (initialization)
            {
                license?.Close(timeoutMilliseconds);
                license = null;
            }
        }

        /// <summary>Decodes all barcodes of an image file (PNG or JPEG), none, one or several. Each is
        /// recorded before the results are handed out.</summary>
        /// <exception cref="BarcodeReaderException">-20000 without a license; or the image can't be
        /// read.</exception>
        public TextResult[] DecodeFile(string path)
        {
            License current = license;
            if (current == null)
            {
                throw new BarcodeReaderException(EnumErrorCode.DMERR_NO_LICENSE,
                    "No license specified: call InitLicenseFromLTS before decoding.");
            }
            Decoder.Barcode[] barcodes = Decoder.Decode(path);
            TextResult[] results = new TextResult[barcodes.Length];
            for (int i = 0; i < barcodes.Length; i++)
            {
                try
                {
                    current.Record(barcodes[i].Symbology);
                }
                catch (LTSException e)
                {
                    throw new BarcodeReaderException((EnumErrorCode)e.Status, e.Message, e);
                }
                results[i] = new TextResult(Decoder.FormatName(barcodes[i].Symbology), barcodes[i].Text);
            }
            return results;
        }
    }
}
