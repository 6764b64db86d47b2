package main

import (
	"fmt"
	"strings"
)

// row is a line of the table of parameters in a guide.
type row struct{ Field, Default, Meaning string }

const tableTemplate = `
| Field | Default | Meaning |
|---|---|---|
{{range .}}| ` + "`{{.Field}}`" + ` | {{.Default}} | {{.Meaning}} |
{{end}}
`

// table makes rows in the words of a language: how it calls a field, a value of an
// enumeration, and the values that a list or flags are made of.
func table(all definitions, name func(field) string, constant func(f field, v string) string,
	kind func(field) string) []row {
	s := all.structure("ConnectionParameters")
	t := tongue{field: func(f field) string { return "`" + name(f) + "`" }, kind: kind, all: s.byName()}
	var rows []row
	for _, f := range s.Visible() {
		r := row{Field: name(f)}
		switch value := f.Default.(type) {
		case string:
			r.Default = "`" + constant(f, value) + "`"
		case nil:
			if f.Type == listField {
				r.Default = "all"
			}
		case float64:
			if f.Type == timeoutField && kind(f) == "seconds" {
				value /= 1000
			}
			r.Default = fmt.Sprint(value)
		default:
			r.Default = fmt.Sprint(value)
		}
		f.Default = nil
		r.Meaning = strings.ReplaceAll(t.describe(f), "|", `\|`)
		if strings.HasPrefix(r.Meaning, "http") {
			address, rest, _ := strings.Cut(r.Meaning, ";")
			r.Meaning = "`" + address + "`"
			if rest != "" {
				r.Meaning += ";" + rest
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func ofEnumeration(f field) string {
	if f.Of == "" {
		return ""
	}
	return "`" + f.Of + "`"
}

func pythonTable(all definitions) []row {
	return table(all, field.Snake, func(f field, v string) string { return f.Of + "." + v }, ofEnumeration)
}

func csharpTable(all definitions) []row {
	return table(all, field.Pascal, func(f field, v string) string { return f.Of + "." + camel(v) }, ofEnumeration)
}

func javaTable(all definitions) []row {
	return table(all, field.Java, func(f field, v string) string { return f.Of + "." + v }, ofEnumeration)
}

func cppTable(all definitions) []row {
	name := func(f field) string {
		if f.Type == timeoutField {
			return f.Duration()
		}
		return f.Name
	}
	return table(all, name, func(f field, v string) string {
		return "LTS_" + f.prefix + "_" + v
	}, func(f field) string {
		switch {
		case f.Type == timeoutField:
			return "`std::chrono::milliseconds`"
		case f.Of != "":
			return "`LTS_" + f.Of + "`"
		}
		return ""
	})
}
