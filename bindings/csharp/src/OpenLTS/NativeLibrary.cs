using System;

namespace OpenLTS
{
    /// <summary>Makes sure, once, that the native library is there and of the right version. Everything
    /// that needs no license handle calls <see cref="Require"/> first; who has a handle has passed it.</summary>
    internal static class NativeLibrary
    {
        private static readonly string problem = FindProblem();

        /// <exception cref="DllNotFoundException">The library is missing or of another version; the message
        /// says what to do.</exception>
        internal static void Require()
        {
            if (problem != null)
            {
                throw new DllNotFoundException(problem);
            }
        }

        private static string FindProblem()
        {
            try
            {
                int version = NativeMethods.LTS_ABIVersion();
                return version >= LTS.ABIVersionRequired ? null
                    : "The OpenLTS library has version " + version + " of the interface, this assembly needs version "
                        + LTS.ABIVersionRequired + " or newer. Install the library that belongs to this assembly.";
            }
            catch (DllNotFoundException e)
            {
                return "The OpenLTS library (libopenlts.so, openlts.dll or libopenlts.dylib) was not found or can't be"
                    + " loaded. Put it beside the application, or into a directory where the system looks for"
                    + " libraries (LD_LIBRARY_PATH on Linux). It needs glibc: it does not run on Alpine Linux (musl)."
                    + " (" + e.Message + ")";
            }
            catch (BadImageFormatException e)
            {
                return "The OpenLTS library that was found is for another processor than this process (32 or 64 bit?)."
                    + " (" + e.Message + ")";
            }
            catch (EntryPointNotFoundException e)
            {
                return "What was found under the name of the OpenLTS library is another library. (" + e.Message + ")";
            }
        }
    }
}
