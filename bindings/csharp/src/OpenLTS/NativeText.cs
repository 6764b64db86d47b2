using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace OpenLTS
{
    /// <summary>Carries texts to and from C as UTF-8. An instance owns the memory of what it passed in
    /// until it is disposed.</summary>
    internal sealed class NativeText : IDisposable
    {
        private readonly List<IntPtr> memory = new List<IntPtr>();

        /// <summary>A NUL-terminated copy; a null pointer for null.</summary>
        /// <exception cref="LTSException">It contains a NUL character, which C takes for its end.</exception>
        internal IntPtr Copy(string text, string name)
        {
            if (text == null)
            {
                return IntPtr.Zero;
            }
            if (text.IndexOf('\0') >= 0)
            {
                throw new LTSException(StatusCode.InvalidArgument, name + " contains a NUL character.");
            }
            byte[] bytes = Encoding.UTF8.GetBytes(text + '\0');
            IntPtr copy = Allocate(bytes.Length);
            Marshal.Copy(bytes, 0, copy, bytes.Length);
            return copy;
        }

        internal IntPtr Copy(int[] numbers)
        {
            IntPtr copy = Allocate(numbers.Length * sizeof(int));
            Marshal.Copy(numbers, 0, copy, numbers.Length);
            return copy;
        }

        private IntPtr Allocate(int size)
        {
            IntPtr allocated = Marshal.AllocHGlobal(size);
            memory.Add(allocated);
            return allocated;
        }

        public void Dispose()
        {
            foreach (IntPtr pointer in memory)
            {
                Marshal.FreeHGlobal(pointer);
            }
            memory.Clear();
        }

        /// <summary>The text in a buffer that C filled.</summary>
        internal static string Read(byte[] buffer)
        {
            int length = Array.IndexOf(buffer, (byte)0);
            return Encoding.UTF8.GetString(buffer, 0, length < 0 ? buffer.Length : length);
        }

        /// <summary>The text in static memory of the library.</summary>
        internal static string Read(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
            {
                length++;
            }
            byte[] buffer = new byte[length];
            Marshal.Copy(text, buffer, 0, length);
            return Encoding.UTF8.GetString(buffer);
        }
    }
}
