package main

// The Java binding: a class for each enumeration, of plain integers.
func emitJava(all definitions) []output {
	const directory = "bindings/java/src/main/java/org/openlts/"
	outputs := []output{{directory + "StatusCode.java", javaStatusTemplate, all}}
	for _, e := range all.Enumerations {
		outputs = append(outputs, output{directory + e.Name + ".java", javaTemplate, e})
	}
	return outputs
}

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
