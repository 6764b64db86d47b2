namespace BarcodeReading
{
    /// <summary>A barcode that was decoded.</summary>
    public sealed class TextResult
    {
        internal TextResult(string barcodeFormatString, string barcodeText)
        {
            BarcodeFormatString = barcodeFormatString;
            BarcodeText = barcodeText;
        }

        /// <summary>Its symbology, such as "QR_CODE"; the names are those usage is counted by.</summary>
        public string BarcodeFormatString { get; }

        /// <summary>Its text.</summary>
        public string BarcodeText { get; }
    }
}
