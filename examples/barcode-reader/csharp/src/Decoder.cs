using System;
using System.Runtime.InteropServices;
using System.Text;
using OpenLTS;

namespace BarcodeReading
{
    /// <summary>The decoder of the C++ edition (BarcodeReader.h), which needs no license and records
    /// nothing.</summary>
    internal static class Decoder
    {
        private const string Library = "barcodereader";
        private const int TextOffset = sizeof(int);   // BR_Result: an int32_t and ...
        private const int MaxText = 8191;             // BR_MAX_TEXT
        private const int ResultSize = TextOffset + MaxText + 1;
        private const int UsualCapacity = 16;

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern int BR_DecodeFile(byte[] path, IntPtr results, int capacity);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr BR_FormatName(int operationType);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        private static extern IntPtr BR_ErrorString(int status);

        /// <summary>A decoded barcode: its symbology and its text.</summary>
        internal struct Barcode
        {
            internal OperationType Symbology;
            internal string Text;
        }

        /// <summary>Decodes all barcodes of an image.</summary>
        /// <exception cref="BarcodeReaderException">The image can't be read.</exception>
        internal static Barcode[] Decode(string path)
        {
            for (int capacity = UsualCapacity; ;)
            {
                IntPtr results = Marshal.AllocHGlobal(capacity * ResultSize);
                try
                {
                    int count = BR_DecodeFile(Encoding.UTF8.GetBytes(path + '\0'), results, capacity);
                    if (count < 0)
                    {
                        string message = path + ": " + Text(BR_ErrorString(count));
                        throw new BarcodeReaderException((EnumErrorCode)count, message);
                    }
                    if (count <= capacity)
                    {
                        return Read(results, count);
                    }
                    capacity = count; // a very full image: once more, with room for all
                }
                finally
                {
                    Marshal.FreeHGlobal(results);
                }
            }
        }

        /// <summary>The name of a symbology, such as "QR_CODE".</summary>
        internal static string FormatName(OperationType symbology)
        {
            return Text(BR_FormatName((int)symbology));
        }

        private static Barcode[] Read(IntPtr results, int count)
        {
            Barcode[] barcodes = new Barcode[count];
            for (int i = 0; i < count; i++)
            {
                IntPtr result = IntPtr.Add(results, i * ResultSize);
                barcodes[i].Symbology = (OperationType)Marshal.ReadInt32(result);
                barcodes[i].Text = Text(IntPtr.Add(result, TextOffset));
            }
            return barcodes;
        }

        private static string Text(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            byte[] bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }
    }
}
