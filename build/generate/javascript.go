package main

import (
	"cmp"
	"strings"
)

// The edition for browsers, in TypeScript.
func emitJavaScript(all definitions) []output {
	const directory = "bindings/javascript/src/"
	parameters := browserStructure{all.tell("ConnectionParameters", typeScriptTongue), all}
	info := browserStructure{all.tell("LicenseInfo", typeScriptTongue), all}
	event := browserStructure{all.tell("Event", typeScriptTongue), all}
	return []output{
		{path: directory + "parameters.ts", region: "parameters", template: typeScriptFieldsTemplate, data: parameters},
		{path: directory + "parameters.ts", region: "texts", template: typeScriptTextsTemplate, data: parameters},
		{path: directory + "parameters.ts", region: "defaults", template: typeScriptDefaultsTemplate, data: parameters},
		{path: directory + "license.ts", region: "info", template: typeScriptFieldsTemplate, data: info},
		{path: directory + "license.ts", region: "event", template: typeScriptFieldsTemplate, data: event},
		{path: directory + "definitions.ts", template: typeScriptTemplate, data: all},
		{path: directory + "codes.ts", template: typeScriptCodesTemplate, data: all},
		{path: directory + "statusMessages.ts", template: typeScriptMessagesTemplate, data: all},
		{path: directory + "legacy-constants.js", template: legacyTemplate, data: all},
	}
}

var typeScriptTongue = tongue{
	field: func(f field) string { return f.Name },
	kind: func(f field) string {
		switch f.Type {
		case enumerationField:
			return f.Of
		case flagsField, stateField:
			return f.Of + " bits"
		case listField:
			return f.Of + " values, or their numbers as texts"
		case bitsField:
			return f.Of + " values"
		case timeoutField:
			return "milliseconds"
		}
		return ""
	},
	constant: func(_ field, v string) string { return v },
	absent:   "all if it is missing",
	noLimit:  "undefined: not limited",
	sentence: true,
}

// browserStructure is a structure as browsers have it.
type browserStructure struct {
	told
	all definitions
}

// Present are the fields that browsers have, in their own way.
func (s browserStructure) Present() []field {
	var present []field
	for _, f := range s.Visible() {
		if f.Browser != nil {
			if f.Browser.Absent {
				continue
			}
			f.Name, f.Comment = cmp.Or(f.Browser.Name, f.Name), cmp.Or(f.Browser.Comment, f.Comment)
			if f.Browser.Default != nil {
				f.Default = f.Browser.Default
			}
		}
		present = append(present, f)
	}
	return present
}

// Numbers are the parameters that are one number each.
func (s browserStructure) Numbers() []field {
	return structure{Fields: s.Present()}.Ints()
}

// Number is what a parameter is if it is not given.
func (s browserStructure) Number(f field) any {
	for _, e := range s.all.Enumerations {
		for _, v := range e.Values {
			if e.Name == f.Of && v.Name == f.Default {
				return v.Value
			}
		}
	}
	return f.Default
}

// Names are those of the parameters that are texts, as lines.
func (s browserStructure) Names() []string {
	var names []string
	for _, f := range (structure{Fields: s.Present()}).Texts() {
		names = append(names, f.Name)
	}
	return strings.Split(wrap(strings.Join(names, " "), "", "", "", 100), "\n")
}

// TypeScript is the type in TypeScript.
func (f field) TypeScript() string {
	switch f.Type {
	case textField, stringField:
		return "string"
	case listField:
		return "readonly (number | string)[]"
	case bitsField:
		return "number[]"
	case timeField:
		return "Date"
	case limitField:
		return "number | undefined"
	}
	return "number"
}

// jsdoc is a comment of one line, or of several with a line of their own for each end.
func jsdoc(text string) string {
	const indent, width = "  ", 120
	if line := indent + "/** " + text + " */"; len(line) <= width {
		return line
	}
	return indent + "/**\n" + wrap(text, indent+" * ", indent+" * ", "", width) + "\n" + indent + " */"
}

const typeScriptFieldsTemplate = `{{range .Present}}{{jsdoc ($.Describe .)}}
  {{.Name}}{{if eq $.Name "ConnectionParameters"}}?{{end}}: {{.TypeScript}};
{{end}}`

const typeScriptTextsTemplate = `const texts =
{{- range $i, $line := .Names}}{{if $i}} ' +{{end}}
  '{{$line}}{{end}}';
`

const typeScriptDefaultsTemplate = `const enum Default {
{{- range .Numbers}}
  {{.Name}} = {{$.Number .}},
{{- end}}
}
`

const typeScriptTemplate = `// {{banner}}

/** Status codes: 0 is success, everything negative an error. */
export const StatusCode = {
{{- range .StatusCodes}}
  /** {{.Message}} */
  {{.Name}}: {{.Value}},
{{- end}}
} as const;
{{range $e := .Enumerations}}{{if ne .Name "OperationType"}}
/** {{.Comment}} */
export const {{.Name}} = {
{{- range .Values}}{{with .Comment}}
  /** {{.}} */{{end}}
  {{.Name}}: {{.Value}},
{{- end}}
} as const;
{{else}}
/** The names of the operation types that are built in: symbologies and import types. */
export type OperationType =
{{- range .Values}}
  | '{{.Name}}'
{{- end}};
{{end}}{{end}}`

// What the library itself uses: enums whose members are compiled into numbers, and texts.
const typeScriptCodesTemplate = `// {{banner}}

export const enum Status {
{{- range .StatusCodes}}
  {{.Name}} = {{.Value}},
{{- end}}
}
{{range $e := .Enumerations}}{{if or (eq .Name "StateFlag") (eq .Name "EventKind")}}
export const enum {{if eq .Name "StateFlag"}}Flag{{else}}Kind{{end}} {
{{- range .Values}}
  {{.Name}} = {{.Value}},
{{- end}}
}
{{end}}{{end}}
{{range $e := .Enumerations}}{{if eq .Name "OperationType"}}
export const operationTypes =
  '{{range $i, $v := .Values}}{{if $i}} {{end}}{{.Name}}{{end}}';
{{end}}{{end}}`

const typeScriptMessagesTemplate = `// {{banner}}

/** The message of each status code. */
export const statusMessages: Readonly<Record<number, string>> = {
{{- range .StatusCodes}}
  {{if lt .Value 0}}[{{.Value}}]{{else}}{{.Value}}{{end}}: {{printf "%q" .Message}},
{{- end}}
};
`

// For the edition for old browsers: its version is the package's, which the build replaces.
const legacyTemplate = `// {{banner}}
{{range $e := .Enumerations}}{{if eq .Name "OperationType"}}
export var legacyTypes =
  '{{range $i, $v := .Values}}{{if $i}} {{end}}{{.Name}}{{end}}';
{{end}}{{end}}
export var legacyVersion = VERSION;
`
