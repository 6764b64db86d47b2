package main

// The C# binding.
func emitCSharp(all definitions) []output {
	return []output{{"bindings/csharp/src/OpenLTS/Definitions.cs", csharpTemplate, all}}
}

const csharpTemplate = `// {{banner}}

using System;

namespace OpenLTS
{
    /// <summary>Status codes: 0 is success, everything negative an error.</summary>
    public enum StatusCode
    {
{{- range .StatusCodes}}
        /// <summary>{{.Message}}</summary>
        {{camel .Name}} = {{.Value}},
{{- end}}
    }
{{range $e := .Enumerations}}
    /// <summary>{{.Comment}}</summary>
{{- if .Flags}}
    [Flags]{{end}}
    public enum {{.Name}}
    {
{{- range .Values}}
        /// <summary>{{if .Comment}}{{.Comment}}{{else}}{{.Name}}{{end}}</summary>
        {{camel .Name}} = {{.Value}},
{{- end}}
    }
{{end}}}
`
