// Command generate writes the status codes and enumerations of
// conformance/definitions.json out for every language, so that they cannot
// drift apart. With -check it writes nothing and fails if a file is stale.
//
// Run it from the repository's root: go run ./build/generate
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

type definitions struct {
	StatusCodes  []value       `json:"statusCodes"`
	Enumerations []enumeration `json:"enumerations"`
}

// BuiltInTypes is a bit for each operation type, in words of 64.
func (d definitions) BuiltInTypes() [4]uint64 {
	var words [4]uint64
	for _, e := range d.Enumerations {
		if e.Name == "OperationType" {
			for _, v := range e.Values {
				words[v.Value/64] |= 1 << (v.Value % 64)
			}
		}
	}
	return words
}

type enumeration struct {
	Name    string  `json:"name"`
	Prefix  string  `json:"prefix"`
	Comment string  `json:"comment"`
	Values  []value `json:"values"`
}

// Flags tells whether the values are bits that may be combined.
func (e enumeration) Flags() bool { return e.Name == "StateFlag" || e.Name == "Product" }

type value struct {
	Name    string `json:"name"`
	Value   int    `json:"value"`
	Origin  string `json:"origin"`
	Message string `json:"message"`
	Unit    string `json:"unit"`
	Comment string `json:"comment"`
}

const banner = "Generated from conformance/definitions.json by build/generate. Do not edit."

const source = "conformance/definitions.json"

// capitals are the parts of a name that Go and C# spell in capitals.
var capitals = map[string]bool{"OK": true, "LTS": true, "ABI": true, "QR": true, "DBR": true, "DLR": true, "DWT": true,
	"DCE": true, "DPS": true, "DPM": true, "GS1": true, "UPC": true, "EAN": true, "ITF": true, "KIX": true, "OEM": true,
	"DX": true, "USPS": true, "MSI": true, "RM4SCC": true, "PDF417": true, "ONED": true}

// camel turns NO_LICENSE into NoLicense.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if capitals[part] {
			b.WriteString(part)
		} else {
			b.WriteString(strings.ToUpper(part[:1]) + strings.ToLower(part[1:]))
		}
	}
	return b.String()
}

// statusConstant is the C and binding name of a status code.
func statusConstant(v value) string {
	if v.Value == 0 {
		return v.Name
	}
	return "ERR_" + v.Name
}

// distance is how far a status code is from the one before it in the list, downwards.
func distance(i int, list []value) int {
	if i == 0 {
		return 0
	}
	return list[i-1].Value - list[i].Value
}

var functions = template.FuncMap{"distance": distance, "camel": camel, "constant": statusConstant, "banner": func() string { return banner }}

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

const javaStatusTemplate = `// {{banner}}

package org.openlts;

/** Status codes: 0 is success, everything negative an error. */
public final class StatusCode {
{{- range .StatusCodes}}
    /** {{.Message}} */
    public static final int {{.Name}} = {{.Value}};
{{- end}}

    private StatusCode() {}
}
`

const javaTemplate = `// {{banner}}

package org.openlts;

/** {{.Comment}} */
public final class {{.Name}} {
{{- range .Values}}
    /** {{if .Comment}}{{.Comment}}{{else}}{{.Name}}{{end}} */
    public static final int {{.Name}} = {{.Value}};
{{- end}}

    private {{.Name}}() {}
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
/** Names of status codes, each with its distance from the code before. */
export const statusNames =
  '{{range $i, $v := .StatusCodes}}{{if $i}} {{end}}{{distance $i $.StatusCodes}} {{.Name}}{{end}}';
{{range $e := .Enumerations}}{{if eq .Name "OperationType"}}
export const operationTypes =
  '{{range $i, $v := .Values}}{{if $i}} {{end}}{{.Name}}{{end}}';
{{else if eq .Name "ChargeWay"}}
export const chargeWays =
  '{{range $i, $v := .Values}}{{if $i}} {{end}}{{.Name}} {{.Value}}{{end}}';
{{end}}{{end}}`

const typeScriptMessagesTemplate = `// {{banner}}

/** The message of each status code. */
export const statusMessages: Readonly<Record<number, string>> = {
{{- range .StatusCodes}}
  {{if lt .Value 0}}[{{.Value}}]{{else}}{{.Value}}{{end}}: {{printf "%q" .Message}},
{{- end}}
};
`

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a generated file is stale")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("%w (run it from the repository's root)", err)
	}
	var all definitions
	if err := json.Unmarshal(text, &all); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	files := map[string][]byte{}
	add := func(path, text string, data any) error {
		var b bytes.Buffer
		t, err := template.New(path).Funcs(functions).Parse(text)
		if err == nil {
			err = t.Execute(&b, data)
		}
		files[path] = b.Bytes()
		if err == nil && strings.HasSuffix(path, ".go") {
			files[path], err = format.Source(b.Bytes())
		}
		return err
	}
	java := "bindings/java/src/main/java/org/openlts/"
	for path, text := range map[string]string{
		"core/protocol/definitions.go":               goTemplate,
		"capi/status_texts.inc":                      cStatusTemplate,
		"capi/built_in_types.inc":                    cTypesTemplate,
		"include/openlts/definitions.h":              cTemplate,
		"bindings/python/src/openlts/definitions.py": pythonTemplate,
		"bindings/csharp/src/OpenLTS/Definitions.cs": csharpTemplate,
		"bindings/javascript/src/definitions.ts":     typeScriptTemplate,
		"bindings/javascript/src/codes.ts":           typeScriptCodesTemplate,
		"bindings/javascript/src/statusMessages.ts":  typeScriptMessagesTemplate,
		java + "StatusCode.java":                     javaStatusTemplate,
	} {
		if err := add(path, text, all); err != nil {
			return err
		}
	}
	for _, e := range all.Enumerations {
		if err := add(java+e.Name+".java", javaTemplate, e); err != nil {
			return err
		}
	}
	for path, want := range files {
		have, _ := os.ReadFile(path)
		if bytes.Equal(have, want) {
			continue
		}
		if check {
			return fmt.Errorf("%s is stale: run go run ./build/generate", path)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return nil
}
