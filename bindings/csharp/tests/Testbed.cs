using System;
using System.Diagnostics;
using System.IO;
using System.Json;

namespace OpenLTS.Tests
{
    /// <summary>The program of conformance/testbed, which says what it does. It ends with this process.</summary>
    internal static class Testbed
    {
        private static readonly object turn = new object();
        private static Process process;

        /// <summary>The result of a request.</summary>
        internal static JsonValue Ask(string what, JsonObject request = null)
        {
            request = request ?? new JsonObject();
            request["do"] = what;
            lock (turn)
            {
                process = process ?? Start("");
                process.StandardInput.WriteLine(request.ToString());
                process.StandardInput.Flush();
                JsonValue answer = JsonValue.Parse(process.StandardOutput.ReadLine());
                if (answer.ContainsKey("error"))
                {
                    throw new InvalidOperationException((string)answer["error"]);
                }
                return answer["result"];
            }
        }

        /// <summary>The blocks of code of a page in a language: each has its section and its code.</summary>
        internal static JsonArray Blocks(string page, string language)
        {
            using (Process printing = Start("blocks \"" + page + "\" " + language))
            {
                return (JsonArray)JsonValue.Parse(printing.StandardOutput.ReadToEnd());
            }
        }

        private static Process Start(string arguments)
        {
            string program = Path.Combine(Path.GetDirectoryName(Repository.Command), "testbed");
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false
            });
        }
    }
}
