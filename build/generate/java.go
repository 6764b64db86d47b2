package main

// The Java binding: a class for each enumeration, of plain integers; the fields of
// the classes; and the tables along which JNI copies them.
func emitJava(all definitions) []output {
	const directory = "bindings/java/src/main/java/org/openlts/"
	outputs := []output{
		{path: directory + "StatusCode.java", template: javaStatusTemplate, data: all},
		{path: "bindings/java/src/main/c/openlts_jni.c", region: "tables", template: jniTablesTemplate,
			data: jniTables(all)},
		{path: "docs/java.md", region: "ConnectionParameters", template: tableTemplate, data: javaTable(all)},
	}
	for _, e := range all.Enumerations {
		outputs = append(outputs, output{path: directory + e.Name + ".java", template: javaTemplate, data: e})
	}
	for _, s := range all.Structures {
		outputs = append(outputs, output{path: directory + s.Name + ".java", region: "fields",
			template: javaFieldsTemplate, data: all.tell(s.Name, javaTongue)})
	}
	return outputs
}

var javaTongue = tongue{
	field: func(f field) string { return "{@link" + unbroken + "#" + f.Java() + "}" },
	kind: func(f field) string {
		switch f.Type {
		case enumerationField:
			return "one of {@link" + unbroken + f.Of + "}"
		case flagsField, stateField:
			return "of {@link" + unbroken + f.Of + "}"
		case listField:
			return "of {@link" + unbroken + f.Of + "}"
		case bitsField:
			return "bit n is {@link" + unbroken + f.Of + "} n"
		case timeField:
			if f.Always {
				return "seconds since 1970 (UTC)"
			}
			return "seconds since 1970 (UTC), 0 if there is none"
		}
		return ""
	},
	constant: func(_ field, v string) string { return v },
	absent:   "null: all",
	noLimit:  "-1: not limited",
	sentence: true,
	quote:    xml,
}

// JavaType is the type of a field in Java.
func (f field) JavaType() string {
	switch f.Type {
	case textField, stringField:
		return "String"
	case listField:
		return "int[]"
	case timeField, unitsField, limitField, bitsField:
		return "long"
	}
	return "int"
}

const javaFieldsTemplate = `{{range $i, $f := .Visible}}{{if $i}}
{{end}}{{javadoc ($.Describe .)}}
    public {{.JavaType}} {{.Java}};
{{end}}`

// javadoc is a comment of one line, or of several with a line of their own for each end.
func javadoc(text string) string {
	if len(text) <= 100 {
		return wrap(text, "    /** ", "", " */", 120)
	}
	return "    /**\n" + wrap(text, "     * ", "     * ", "", 105) + "\n     */"
}

// jniTable is a table of fields of one kind.
type jniTable struct {
	Name, Struct string
	Fields       []field
}

func jniTables(all definitions) []jniTable {
	parameters, info, event := all.structure("ConnectionParameters"), all.structure("LicenseInfo"),
		all.structure("Event")
	return []jniTable{
		{"parameterTexts", "LTS_ConnectionParameters", parameters.Texts()},
		{"parameterNumbers", "LTS_ConnectionParameters", parameters.Ints()},
		{"infoInts", "LTS_LicenseInfo", info.Ints()},
		{"infoLongs", "LTS_LicenseInfo", info.Longs()},
		{"infoTexts", "LTS_LicenseInfo", info.Strings()},
		{"eventInts", "LTS_Event", event.Ints()},
		{"eventLongs", "LTS_Event", event.Longs()},
		{"eventTexts", "LTS_Event", event.Strings()},
		{"parameterLists", "LTS_ConnectionParameters", parameters.Lists()},
	}
}

const jniTablesTemplate = `{{range $t := .}}{{if ne .Name "parameterTexts"}}
{{end}}static const {{if eq .Name "parameterLists"}}List{{else}}Field{{end}} {{.Name}}[] = {
{{- range .Fields}}
{{- if eq $t.Name "parameterLists"}}
    {"{{.Java}}", offsetof({{$t.Struct}}, {{.Name}}),
     offsetof({{$t.Struct}}, {{.Name}}Count)},
{{- else}}
    {"{{.Java}}", offsetof({{$t.Struct}}, {{.Name}})},
{{- end}}{{end}}
};
{{end}}`

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
