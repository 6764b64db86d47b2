using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;

namespace OpenLTS.Tests
{
    /// <summary>Takes the C# code out of docs/csharp.md and runs it.</summary>
    internal static class Documentation
    {
        /// <summary>The heading of what needs the example SDK and runs with its tests.</summary>
        internal const string PublishedSnippets = "The published snippets";

        private static int snippets;

        /// <summary>The C# code blocks of docs/csharp.md, by the headings of level 2 they stand under.</summary>
        internal static Dictionary<string, string[]> Blocks()
        {
            return Blocks(Path.Combine(Repository.Root, "docs", "csharp.md"));
        }

        /// <summary>The C# code blocks of a page, by the headings of level 2 they stand under.</summary>
        internal static Dictionary<string, string[]> Blocks(string page, string language = "csharp")
        {
            return Testbed.Blocks(page, language).GroupBy(block => (string)block["section"]).ToDictionary(
                section => section.Key, section => section.Select(block => (string)block["code"]).ToArray());
        }

        /// <summary>The commands of a section of docs/csharp.md.</summary>
        internal static string Commands(string section)
        {
            return string.Join("\n", Blocks(Path.Combine(Repository.Root, "docs", "csharp.md"), "sh")[section]);
        }

        /// <summary>Makes a source file of code that is the body of a method.</summary>
        /// <param name="code">The code; it may begin with using directives.</param>
        /// <param name="imports">The namespace it uses.</param>
        /// <param name="type">The class the method is to be in.</param>
        /// <param name="method">The method.</param>
        internal static string Source(string code, string imports, string type, string method)
        {
            string[] lines = code.Split('\n');
            Func<string, bool> isDirective = line => Regex.IsMatch(line, @"^using [\w.]+;$");
            string import = "using " + imports + ";";
            return import + "\n" + string.Join("\n", lines.Where(line => isDirective(line) && line != import))
                + "\npublic static class " + type + " { public static void " + method + "() {\n"
                + string.Join("\n", lines.Where(line => !isDirective(line))) + "\n} }\n";
        }

        /// <summary>Compiles code as the body of a method, and runs it.</summary>
        /// <param name="code">The code; it may begin with using directives.</param>
        /// <param name="imports">The namespace it uses.</param>
        /// <param name="library">The assembly of that namespace.</param>
        /// <param name="directory">For the files this makes.</param>
        internal static void Run(string code, string imports, Assembly library, string directory)
        {
            // Of its own name, because the runtime loads an assembly of one name once.
            string name = Path.Combine(directory, "Snippet" + ++snippets);
            File.WriteAllText(name + ".cs", Source(code, imports, "Snippet", "Run"));
            using (Process compiler = Process.Start(new ProcessStartInfo("mcs")
            {
                Arguments = string.Format(
                    "-langversion:7 -nowarn:219 -target:library -r:\"{0}\" -out:\"{1}.dll\" \"{1}.cs\"",
                    library.Location, name),
                RedirectStandardError = true,
                UseShellExecute = false
            }))
            {
                string errors = compiler.StandardError.ReadToEnd();
                compiler.WaitForExit();
                if (compiler.ExitCode != 0)
                {
                    throw new InvalidOperationException(errors + "\nin:\n" + code);
                }
            }
            Assembly.Load(File.ReadAllBytes(name + ".dll")).GetType("Snippet").GetMethod("Run").Invoke(null, null);
        }
    }
}
