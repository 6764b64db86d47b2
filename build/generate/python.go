package main

// The Python binding.
func emitPython(all definitions) []output {
	return []output{{"bindings/python/src/openlts/definitions.py", pythonTemplate, all}}
}

const pythonTemplate = `# {{banner}}
"""Status codes and enumerations."""

from enum import IntEnum, IntFlag


class StatusCode(IntEnum):
    """Status codes: 0 is success, everything negative an error."""
{{range .StatusCodes}}
    {{.Name}} = {{.Value}}
{{- end}}
{{range $e := .Enumerations}}

class {{.Name}}({{if .Flags}}IntFlag{{else}}IntEnum{{end}}):
    """{{.Comment}}"""
{{range .Values}}
    {{.Name}} = {{.Value}}{{with .Comment}}  # {{.}}{{end}}
{{- end}}
{{end}}`
