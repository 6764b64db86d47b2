package main

import "fmt"

// The Python binding.
func emitPython(all definitions) []output {
	const directory = "bindings/python/src/openlts/"
	parameters := all.tell("ConnectionParameters", pythonTongue)
	info := all.tell("LicenseInfo", pythonTongue)
	event := all.tell("Event", pythonTongue)
	outputs := []output{
		{path: directory + "definitions.py", template: pythonTemplate, data: all},
		{path: directory + "parameters.py", region: "fields", template: pythonParametersTemplate, data: parameters},
		{path: directory + "parameters.py", region: "conversion", template: pythonToCTemplate, data: parameters},
		{path: directory + "license.py", region: "LicenseInfo", template: pythonFieldsTemplate, data: info},
		{path: directory + "license.py", region: "info", template: pythonFromCTemplate,
			data: pythonSource{info.structure, "info"}},
		{path: directory + "license.py", region: "Event", template: pythonFieldsTemplate, data: event},
		{path: directory + "license.py", region: "event", template: pythonFromCTemplate,
			data: pythonSource{event.structure, "event"}},
		{path: "docs/python.md", region: "ConnectionParameters", template: tableTemplate, data: pythonTable(all)},
	}
	for _, s := range all.Structures {
		outputs = append(outputs, output{
			path: directory + "native.py", region: s.Name, template: pythonStructureTemplate, data: s,
		})
	}
	return outputs
}

// pythonSource is a structure that is read out of a variable.
type pythonSource struct {
	structure
	Source string
}

var pythonTongue = tongue{
	field: func(f field) string { return "``" + f.Snake() + "``" },
	kind: func(f field) string {
		switch f.Type {
		case enumerationField:
			if f.HasDefault() {
				return "one of :class:`" + f.Of + "`"
			}
		case flagsField:
			return ":class:`" + f.Of + "` members, combined by ``|``"
		case listField:
			return ":class:`" + f.Of + "` members"
		}
		return ""
	},
	absent:   "empty: all",
	noLimit:  "None: not limited",
	sentence: true,
}

// PythonType is the type in a dataclass of Python's.
func (f field) PythonType() string {
	switch f.Type {
	case textField:
		if f.Path {
			return "str | os.PathLike[str]"
		}
		return "str"
	case listField:
		return "Sequence[int]"
	case stringField:
		return "str"
	case stateField:
		return f.Of
	case enumerationField:
		if !f.HasDefault() {
			return f.Of + " | int"
		}
	case timeField:
		if f.Always {
			return "datetime"
		}
		return "datetime | None"
	case limitField:
		return "int | None"
	case bitsField:
		return "frozenset[" + f.Of + "]"
	}
	return "int"
}

// PythonDefault is the default as Python writes it.
func (f field) PythonDefault() string {
	if f.Secret {
		return `field(default="", repr=False)`
	}
	switch value := f.Default.(type) {
	case string:
		return f.Of + "." + value
	case nil:
		if f.Type == listField {
			return "()"
		}
		return `""`
	default:
		return fmt.Sprint(value)
	}
}

// PythonC is the type in ctypes.
func (f field) PythonC() string {
	switch f.Type {
	case textField:
		return "c_char_p"
	case listField:
		return "POINTER(c_int32)"
	case stringField:
		return fmt.Sprint("c_char * ", f.Length)
	case sizeField, stateField:
		return "c_uint32"
	case bitsField:
		return "c_uint64"
	case timeField, unitsField, limitField:
		return "c_int64"
	}
	return "c_int32"
}

const pythonStructureTemplate = `{{range .Fields}}        ("{{.Name}}", {{.PythonC}}),
{{- if eq .Type "list"}}
        ("{{.Name}}Count", c_int32),{{end}}
{{end}}`

const pythonParametersTemplate = `{{range .Visible}}{{wrap ($.Describe .) "    #: " "    #: " "" 120}}
    {{.Snake}}: {{.PythonType}} = {{.PythonDefault}}
{{end}}`

const pythonFieldsTemplate = `{{range .Visible}}{{wrap ($.Describe .) "    #: " "    #: " "" 120}}
    {{.Snake}}: {{.PythonType}}
{{end}}`

const pythonToCTemplate = `{{range .Visible}}
{{- if eq .Type "text"}}    structure.{{.Name}} = _bytes(parameters, "{{.Snake}}")
{{else if eq .Type "list"}}    {{.Snake}} = [int32(each) for each in parameters.{{.Snake}}]
    if {{.Snake}}:
        structure.{{.Name}} = (ctypes.c_int32 * len({{.Snake}}))(*{{.Snake}})
        structure.{{.Name}}Count = len({{.Snake}})
{{else}}    structure.{{.Name}} = _int32(parameters, "{{.Snake}}")
{{end}}{{end}}`

const pythonFromCTemplate = `{{range .Visible}}            {{.Snake}}=
{{- if eq .Type "state"}}{{.Of}}({{$.Source}}.{{.Name}})
{{- else if eq .Type "enumeration"}}_member({{.Of}}, {{$.Source}}.{{.Name}})
{{- else if eq .Type "time"}}{{if .Always}}_time{{else}}_time_or_none{{end}}({{$.Source}}.{{.Name}})
{{- else if eq .Type "limit"}}None if {{$.Source}}.{{.Name}} < 0 else {{$.Source}}.{{.Name}}
{{- else if eq .Type "bits"}}frozenset(each for each in {{.Of}} if {{$.Source}}.{{.Name}} >> each & 1)
{{- else if eq .Type "string"}}text({{$.Source}}.{{.Name}})
{{- else}}{{$.Source}}.{{.Name}}{{end}},
{{end}}`

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
