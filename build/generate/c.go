package main

import (
	"fmt"
	"strings"
)

// The header for C and C++, the class for C++, and what the library says of status
// codes and does with structures.
func emitC(all definitions) []output {
	const header, cpp, abi = "include/openlts/openlts.h", "include/openlts/openlts.hpp", "capi/abi.c"
	parameters := all.tell("ConnectionParameters", cTongue)
	cppParameters := all.tell("ConnectionParameters", cppTongue)
	outputs := []output{
		{path: "include/openlts/definitions.h", template: cTemplate, data: all},
		{path: "capi/status_texts.inc", template: cStatusTemplate, data: all},
		{path: "capi/built_in_types.inc", template: cTypesTemplate, data: all},
		{path: cpp, region: "fields", template: cppFieldsTemplate, data: cppParameters},
		{path: cpp, region: "defaults", template: cppDefaultsTemplate, data: cppParameters},
		{path: cpp, region: "conversion", template: cppConversionTemplate, data: cppParameters},
		{path: "docs/cpp.md", region: "ConnectionParameters", template: tableTemplate, data: cppTable(all)},
		{path: abi, region: "defaults", template: cDefaultsTemplate, data: parameters},
		{path: abi, region: "texts", template: cTextsTemplate, data: parameters},
		{path: abi, region: "lists", template: cListsTemplate, data: parameters},
		{path: "capi/test/robustness.c", region: "texts", template: cTextOffsetsTemplate, data: parameters},
	}
	for _, s := range all.Structures {
		outputs = append(outputs, output{
			path: header, region: s.Name, template: cFieldsTemplate, data: all.tell(s.Name, cTongue),
		})
	}
	return outputs
}

var cTongue = tongue{
	field: func(f field) string { return f.Name },
	kind: func(f field) string {
		switch f.Type {
		case enumerationField, listField:
			return "LTS_" + f.Of
		case flagsField, stateField:
			return "LTS_" + f.Of
		case bitsField:
			return "bit n is LTS_" + f.Of + " n"
		case timeField:
			if !f.Always {
				return "0 if there is none"
			}
		}
		return ""
	},
	constant: func(f field, v string) string { return "LTS_" + f.prefix + "_" + v },
	absent:   "NULL: all",
	noLimit:  "-1: not limited",
}

var cppTongue = tongue{field: cTongue.field, kind: cTongue.kind, constant: cTongue.constant, absent: "empty: all"}

// CDefault is the default as C writes it.
func (f field) CDefault() string {
	if name, ok := f.Default.(string); ok {
		return "LTS_" + f.prefix + "_" + name
	}
	return fmt.Sprint(f.Default)
}

// Duration is the name of a timeout where its type says that it is one.
func (f field) Duration() string { return strings.TrimSuffix(f.Name, "Milliseconds") }

const cFieldsTemplate = `{{range $f := .Fields}}
{{- with .Comment}}{{wrap ($.Describe $f) "  /* " "   * " " */" 100}}
{{end}}  {{.C}}{{.Name}}{{with .Length}}[{{.}}]{{end}};
{{- if eq .Type "list"}}
  int32_t {{.Name}}Count;{{end}}
{{end}}`

const cDefaultsTemplate = `{{range .Fields}}{{if .HasDefault}}  p->{{.Name}} = {{.CDefault}};
{{end}}{{end}}`

const cTextsTemplate = `{{range .Texts}}    {offsetof(LTS_ConnectionParameters, {{.Name}}), LTS_MAX_{{.Limit}}},
{{end}}`

const cListsTemplate = `{{range .Lists}}    {offsetof(LTS_ConnectionParameters, {{.Name}}),
     offsetof(LTS_ConnectionParameters, {{.Name}}Count)},
{{end}}`

const cTextOffsetsTemplate = `{{range .Texts}}        offsetof(LTS_ConnectionParameters, {{.Name}}),
{{end}}`

const cppFieldsTemplate = `{{range $i, $f := .Visible}}{{wrap ($.Describe .) "  // " "  // " "" 100}}
{{if eq .Type "text"}}  std::string {{.Name}};
{{else if eq .Type "list"}}  std::vector<std::int32_t> {{.Name}};
{{else if eq .Type "milliseconds"}}  std::chrono::milliseconds {{.Duration}};
{{else}}  std::int32_t {{.Name}};
{{end}}{{end}}`

const cppDefaultsTemplate = `{{range .Ints}}
{{- if eq .Type "milliseconds"}}    {{.Duration}} = std::chrono::milliseconds{defaults.{{.Name}}};
{{else}}    {{.Name}} = defaults.{{.Name}};
{{end}}{{end}}`

const cppConversionTemplate = `{{range .Texts}}  c->{{.Name}} = text("{{.Name}}", {{.Name}});
{{end}}{{range .Ints}}
{{- if eq .Type "milliseconds"}}  c->{{.Name}} = to_milliseconds({{.Duration}});
{{else}}  c->{{.Name}} = {{.Name}};
{{end}}{{end}}{{range .Lists}}  c->{{.Name}} = {{.Name}}.data();
  c->{{.Name}}Count = count({{.Name}}.size());
{{end}}`

const cTemplate = `/* {{banner}}
 *
 * Status codes and enumerations of OpenLTS; openlts.h includes this file.
 * They are plain integers on the ABI (int32_t), so that it does not depend on
 * the size a compiler gives an enum.
 */
#ifndef OPENLTS_DEFINITIONS_H
#define OPENLTS_DEFINITIONS_H

/* Status codes. 0 is success, everything negative an error. Numbers and
 * messages from -20000 to -20200 are the vendor's, those marked (openlts)
 * are ours; from -20100 to -20199 the server speaks, else the library. */
typedef enum LTS_StatusCode {
{{- range $i, $v := .StatusCodes}}{{if $i}},{{end}}
  /* {{.Message}}{{if eq .Origin "openlts"}} (openlts){{end}} */
  LTS_{{constant .}} = {{.Value}}
{{- end}}
} LTS_StatusCode;
{{range $e := .Enumerations}}
/* {{.Comment}} */
typedef enum LTS_{{.Name}} {
{{- range $i, $v := .Values}}{{if $i}},{{end}}
{{- with .Comment}}
  /* {{.}} */{{end}}
  LTS_{{$e.Prefix}}_{{.Name}} = {{.Value}}
{{- end}}
} LTS_{{.Name}};
{{end}}
#endif /* OPENLTS_DEFINITIONS_H */
`

const cStatusTemplate = `/* {{banner}} */
static const struct {
  int32_t status;
  const char *name;
  const char *message;
} openlts_statuses[] = {
{{- range .StatusCodes}}
    { {{- .Value}}, "{{.Name}}", {{printf "%q" .Message}}},
{{- end}}
};
`

const cTypesTemplate = `/* {{banner}} */
/* A bit for each operation type that is built in. */
static const uint64_t openlts_built_in_types[4] = { {{- range $i, $word := .BuiltInTypes}}{{if $i}}, {{end}}{{printf "UINT64_C(%#x)" $word}}{{end}}};
`
