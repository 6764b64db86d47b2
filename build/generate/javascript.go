package main

// The edition for browsers, in TypeScript.
func emitJavaScript(all definitions) []output {
	const directory = "bindings/javascript/src/"
	return []output{
		{path: directory + "definitions.ts", template: typeScriptTemplate, data: all},
		{path: directory + "codes.ts", template: typeScriptCodesTemplate, data: all},
		{path: directory + "statusMessages.ts", template: typeScriptMessagesTemplate, data: all},
		{path: directory + "legacy-constants.js", template: legacyTemplate, data: all},
	}
}

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
