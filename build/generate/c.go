package main

// The header for C and C++, and what the library says of status codes.
func emitC(all definitions) []output {
	return []output{
		{"include/openlts/definitions.h", cTemplate, all},
		{"capi/status_texts.inc", cStatusTemplate, all},
		{"capi/built_in_types.inc", cTypesTemplate, all},
	}
}

const cTemplate = `/* {{banner}}
 *
 * Status codes and enumerations of OpenLTS; openlts.h includes this file.
 * They are plain integers on the ABI (int32_t), so that it does not depend on
 * the size a compiler gives an enum.
 */
#ifndef OPENLTS_DEFINITIONS_H
#define OPENLTS_DEFINITIONS_H

/* Status codes. 0 is success, everything negative an error. Numbers and
 * messages from -20000 to -20200 are the original's, those marked (openlts)
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
