package main

// The constants of the Go packages.
func emitGo(all definitions) []output {
	return []output{{"core/protocol/definitions.go", goTemplate, all}}
}

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
{{if eq .Name "OperationType"}}
var operationTypes = map[string]operationTypeDefinition{
{{- range .Values}}
	"{{.Name}}": { {{.Value}}, Unit{{camel .Unit}} },
{{- end}}
}
{{end}}{{end}}`
