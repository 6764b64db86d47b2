package main

import (
	"fmt"
	"strings"
)

// The constants and parameters of the Go packages, and what converts them from C and to C.
func emitGo(all definitions) []output {
	const parametersFile = "core/license/parameters.go"
	parameters := all.tell("ConnectionParameters", goTongue)
	return []output{
		{path: "core/protocol/definitions.go", template: goTemplate, data: all},
		{path: parametersFile, region: "fields", template: goFieldsTemplate, data: parameters},
		{path: parametersFile, region: "defaults", template: goDefaultsTemplate, data: parameters},
		{path: parametersFile, region: "texts", template: goTextsTemplate, data: parameters},
		{path: "capi/parameters.go", region: "parameters", template: goFromCTemplate, data: parameters},
		{path: "capi/jobs.go", region: "info", template: goToCTemplate,
			data: goTarget{all.structure("LicenseInfo"), "info", "i"}},
		{path: "docs/operations.md", region: "kinds", template: kindsTemplate, data: all},
		{path: "capi/events.go", region: "event", template: goToCTemplate,
			data: goTarget{all.structure("Event"), "event", "e"}},
	}
}

// goTarget is a structure that is filled: the variable of it, and the one of what it
// is filled from.
type goTarget struct {
	structure
	To, Source string
}

var goTongue = tongue{
	field:  func(f field) string { return f.Go() },
	kind:   func(field) string { return "" },
	absent: "empty: all",
	plain:  true,
}

// Go is the field's name in core/license.
func (f field) Go() string { return strings.TrimSuffix(f.Pascal(), "Milliseconds") }

// GoType is its type there.
func (f field) GoType() string {
	switch f.Type {
	case textField:
		return "string"
	case enumerationField, flagsField:
		return "protocol." + f.Of
	case listField:
		return "[]protocol." + f.Of
	case timeoutField:
		return "time.Duration"
	}
	return "int"
}

// JSON is its name in a license key, which has no say in how long this process waits.
func (f field) JSON() string {
	if f.Type == timeoutField {
		return "-"
	}
	return f.Name
}

// GoDefault is the default as Go writes it.
func (f field) GoDefault() string {
	if name, ok := f.Default.(string); ok {
		return "protocol." + f.Of + camel(name)
	}
	if f.Type == timeoutField {
		return fmt.Sprint(f.Default, " * time.Millisecond")
	}
	return fmt.Sprint(f.Default)
}

// GoLimit is the constant that limits a text.
func (f field) GoLimit() string {
	if f.Limit == "URL" {
		return "maxURL"
	}
	return "maxText"
}

// kindsTemplate is the table of how the statistics group operation types.
const kindsTemplate = `
| operation type | kind | import |
|---|---|---|
{{range .OperationTypes}}{{if .Kind}}| ` + "`{{.Name}}` | `{{.Kind}}` |{{with .Import}} `{{.}}`{{end}}" + ` |
{{end}}{{end}}| symbologies | ` + "`barcode`" + ` | |

`

const goFieldsTemplate = `{{range .Visible}}{{wrap ($.Describe .) "\t// " "\t// " "" 118}}
	{{.Go}} {{.GoType}} ` + "`json:\"{{.JSON}}\"`" + `
{{end}}`

const goDefaultsTemplate = `{{range .Visible}}{{if .HasDefault}}		{{.Go}}: {{.GoDefault}},
{{end}}{{end}}`

const goTextsTemplate = `{{range .Texts}}		{"{{.Name}}", p.{{.Go}}, {{.GoLimit}}},
{{end}}`

const goFromCTemplate = `{{range .Visible}}
{{- if eq .Type "text"}}	parameters.{{.Go}} = text(p.{{.Name}})
{{else if eq .Type "list"}}	parameters.{{.Go}}, err = list[protocol.{{.Of}}]("{{.Name}}", p.{{.Name}}, p.{{.Name}}Count)
	if err != nil {
		return parameters, err
	}
{{else if eq .Type "milliseconds"}}	parameters.{{.Go}} = milliseconds(p.{{.Name}})
{{else}}	parameters.{{.Go}} = {{.GoType}}(p.{{.Name}})
{{end}}{{end}}`

const goToCTemplate = `{{range .Visible}}
{{- if eq .Type "string"}}	setText(&{{$.To}}.{{.Name}}[0], len({{$.To}}.{{.Name}}), {{$.Source}}.{{.From}})
{{else if eq .Type "bits"}}	{{$.To}}.{{.Name}} = C.uint64_t(bitsOf({{$.Source}}.{{.From}}))
{{else if eq .Type "state"}}	{{$.To}}.{{.Name}} = C.uint32_t({{$.Source}}.{{.From}})
{{else if eq .Type "time" "units" "limit"}}	{{$.To}}.{{.Name}} = C.int64_t({{$.Source}}.{{.From}})
{{else}}	{{$.To}}.{{.Name}} = C.int32_t({{$.Source}}.{{.From}})
{{end}}{{end}}`

const goTemplate = `// {{banner}}

package protocol

// Status codes.
const (
{{- range .StatusCodes}}
	// Status{{camel .Name}}: {{.Message}}
	Status{{camel .Name}} Status = {{.Value}}
{{- end}}
)

var statusNames = map[Status]string{
{{- range .StatusCodes}}
	Status{{camel .Name}}: "{{.Name}}",
{{- end}}
}

var statusMessages = map[Status]string{
{{- range .StatusCodes}}
	Status{{camel .Name}}: {{printf "%q" .Message}},
{{- end}}
}
{{range $e := .Enumerations}}
// {{.Name}}: {{.Comment}}
type {{.Name}} int32

// Values of {{.Name}}.
const (
{{- range .Values}}
	{{$e.Name}}{{camel .Name}} {{$e.Name}} = {{.Value}}{{with .Comment}} // {{.}}{{end}}
{{- end}}
)
{{if eq .Name "ChargeWay"}}
var chargeWays = []chargeWayDefinition{
{{- range .Values}}
	{ {{- .Value}}, "{{.Name}}", "{{.Short}}", {{if .Unit}}Unit{{camel .Unit}}{{else}}-1{{end}}, {{.Exceptions}}, {{.Concurrent}} },
{{- end}}
}
{{end}}{{if eq .Name "OperationType"}}
var operationTypes = map[string]operationTypeDefinition{
{{- range .Values}}
	"{{.Name}}": { {{.Value}}, Unit{{camel .Unit}}, {{printf "%q" .Kind}}, {{printf "%q" .Import}} },
{{- end}}
}
{{end}}{{end}}`
