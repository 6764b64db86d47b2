package main

// The C# binding.
func emitCSharp(all definitions) []output {
	const directory = "bindings/csharp/src/OpenLTS/"
	parameters := all.tell("ConnectionParameters", csharpTongue)
	outputs := []output{
		{path: directory + "Definitions.cs", template: csharpTemplate, data: all},
		{path: directory + "ConnectionParameters.cs", region: "defaults", template: csharpDefaultsTemplate,
			data: parameters},
		{path: directory + "ConnectionParameters.cs", region: "properties", template: csharpSettableTemplate,
			data: parameters},
		{path: directory + "ConnectionParameters.cs", region: "conversion", template: csharpToCTemplate,
			data: parameters},
		{path: "docs/csharp.md", region: "ConnectionParameters", template: tableTemplate, data: csharpTable(all)},
	}
	for _, name := range []string{"LicenseInfo", "Event"} {
		data := all.tell(name, csharpTongue)
		outputs = append(outputs,
			output{
				path: directory + name + ".cs", region: "properties", template: csharpPropertiesTemplate, data: data,
			},
			output{path: directory + name + ".cs", region: "conversion", template: csharpFromCTemplate, data: data})
	}
	for _, s := range all.Structures {
		outputs = append(outputs, output{
			path: directory + "NativeMethods.cs", region: s.Name, template: csharpStructureTemplate, data: s,
		})
	}
	return outputs
}

var csharpTongue = tongue{
	field: func(f field) string { return "<see" + unbroken + `cref="` + f.Pascal() + `"/>` },
	kind: func(f field) string {
		switch f.Type {
		case timeField:
			if !f.Always {
				return "null if there is none"
			}
		case bitsField:
			return "bit n is " + f.Of + " n"
		}
		return ""
	},
	constant: func(_ field, v string) string { return camel(v) },
	absent:   "null: all",
	noLimit:  "-1: not limited",
	sentence: true,
	quote:    xml,
}

// CSharp is the type of a property.
func (f field) CSharp() string {
	switch f.Type {
	case textField, stringField:
		return "string"
	case listField:
		return f.Of + "[]"
	case enumerationField, flagsField, stateField:
		return f.Of
	case timeField:
		return "DateTimeOffset?"
	case unitsField, limitField:
		return "long"
	case bitsField:
		return "ulong"
	}
	return "int"
}

// CSharpC is the type in a struct of the C ABI.
func (f field) CSharpC() string {
	switch f.Type {
	case textField, listField:
		return "IntPtr"
	case sizeField, stateField:
		return "uint"
	case timeField, unitsField, limitField:
		return "long"
	case bitsField:
		return "ulong"
	case stringField:
		return "byte[]"
	}
	return "int"
}

const csharpStructureTemplate = `{{range .Fields}}            {{with .Length}}[MarshalAs(UnmanagedType.ByValArray, SizeConst = {{.}})] {{end}}public {{.CSharpC}} {{.Name}};
{{- if eq .Type "list"}}
            public int {{.Name}}Count;{{end}}
{{end}}`

const csharpDefaultsTemplate = `{{range .Ints}}            {{.Pascal}} = {{if .Of}}({{.Of}}){{end}}defaults.{{.Name}};
{{end}}`

const csharpSettableTemplate = `{{range $i, $f := .Visible}}{{if $i}}
{{end}}{{wrap ($.Describe .) "        /// <summary>" "        /// " "</summary>" 118}}
        public {{.CSharp}} {{.Pascal}} { get; set; }
{{end}}`

const csharpPropertiesTemplate = `{{range $i, $f := .Visible}}{{if $i}}
{{end}}{{wrap ($.Describe .) "        /// <summary>" "        /// " "</summary>" 118}}
        public {{.CSharp}} {{.Pascal}} { get; }
{{end}}`

const csharpToCTemplate = `{{range .Visible}}
{{- if eq .Type "text"}}            native.{{.Name}} = text.Copy({{.Pascal}}, nameof({{.Pascal}}));
{{else if eq .Type "list"}}            if ({{.Pascal}} != null)
            {
                native.{{.Name}} = text.Copy(Array.ConvertAll({{.Pascal}}, value => (int)value));
                native.{{.Name}}Count = {{.Pascal}}.Length;
            }
{{else}}            native.{{.Name}} = {{if .Of}}(int){{end}}{{.Pascal}};
{{end}}{{end}}`

const csharpFromCTemplate = `{{range .Visible}}            {{.Pascal}} = {{if eq .Type "state" "enumeration"}}({{.Of}})native.{{.Name}}
{{- else if eq .Type "time"}}UnixTime.ToDateTime(native.{{.Name}})
{{- else if eq .Type "string"}}NativeText.Read(native.{{.Name}})
{{- else}}native.{{.Name}}{{end}};
{{end}}`

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
