package main

// The Objective-C binding: properties, the instance variables that older runtimes
// want to see, and conversions.
func emitObjC(all definitions) []output {
	const header, code = "bindings/objc/include/OpenLTSKit/OpenLTSKit.h", "bindings/objc/src/OpenLTSKit.m"
	var outputs []output
	for _, s := range all.Structures {
		data := all.tell(s.Name, objcTongue)
		outputs = append(outputs,
			output{path: header, region: s.Name + "_variables", template: objcVariablesTemplate, data: data},
			output{path: header, region: s.Name + "_properties", template: objcPropertiesTemplate, data: data},
			output{path: code, region: s.Name + "_synthesize", template: objcSynthesizeTemplate, data: data},
			output{path: code, region: s.Name + "_release", template: objcReleaseTemplate, data: data})
		if s.Name == "ConnectionParameters" {
			outputs = append(outputs,
				output{path: code, region: "defaults", template: objcDefaultsTemplate, data: data},
				output{path: code, region: "toC", template: objcToCTemplate, data: data})
		} else {
			outputs = append(outputs, output{
				path: code, region: s.Name + "_fromC", template: objcFromCTemplate, data: data,
			})
		}
	}
	return append(outputs, output{
		path: "docs/objc.md", region: "ConnectionParameters", template: tableTemplate, data: objcTable(all),
	})
}

var objcTongue = tongue{
	field: func(f field) string { return f.ObjC() },
	kind: func(f field) string {
		switch f.Type {
		case timeoutField:
			return "seconds"
		case timeField:
			if !f.Always {
				return "nil if there is none"
			}
			return ""
		}
		return cTongue.kind(f)
	},
	constant: cTongue.constant,
	absent:   "nil: all",
	noLimit:  "-1: not limited",
	plain:    true,
	sentence: true,
}

func objcTable(all definitions) []row {
	return table(all, field.ObjC, cTongue.constant, func(f field) string {
		switch {
		case f.Type == timeoutField:
			return "seconds"
		case f.Of != "":
			return "`LTS_" + f.Of + "`"
		}
		return ""
	})
}

// ObjC is the field's name in Objective-C.
func (f field) ObjC() string {
	if f.Type == timeoutField {
		return f.Duration()
	}
	return f.Name
}

// ObjCType is the type of its property.
func (f field) ObjCType() string {
	switch f.Type {
	case textField, stringField:
		return "NSString *"
	case listField:
		return "NSArray *"
	case timeField:
		return "NSDate *"
	case timeoutField:
		return "NSTimeInterval "
	case stateField:
		return "uint32_t "
	case unitsField, limitField:
		return "int64_t "
	case bitsField:
		return "uint64_t "
	}
	return "NSInteger "
}

// ObjCAttributes are those of its property.
func (f field) ObjCAttributes() string {
	switch f.Type {
	case textField, listField:
		return "nonatomic, copy, nullable"
	case stringField:
		return "nonatomic, readonly, copy"
	case timeField:
		if f.Always {
			return "nonatomic, readonly, retain"
		}
		return "nonatomic, readonly, retain, nullable"
	case stateField, unitsField, limitField, bitsField:
		return "nonatomic, readonly"
	}
	if f.From != "" {
		return "nonatomic, readonly"
	}
	return "nonatomic"
}

// IsObject tells whether its property holds an object.
func (f field) IsObject() bool {
	return f.Type == textField || f.Type == listField || f.Type == stringField || f.Type == timeField
}

const objcVariablesTemplate = `{{range .Visible}}  {{.ObjCType}}_{{.ObjC}};
{{end}}`

const objcPropertiesTemplate = `{{range .Visible}}{{wrap ($.Describe .) "/// " "/// " "" 100}}
@property({{.ObjCAttributes}}) {{.ObjCType}}{{.ObjC}};
{{end}}`

const objcSynthesizeTemplate = `{{range .Visible}}@synthesize {{.ObjC}} = _{{.ObjC}};
{{end}}`

const objcReleaseTemplate = `{{range .Visible}}{{if .IsObject}}  [_{{.ObjC}} release];
{{end}}{{end}}`

const objcDefaultsTemplate = `{{range .Ints}}  _{{.ObjC}} = defaults.{{.Name}}{{if eq .Type "milliseconds"}} / 1000.0{{end}};
{{end}}`

const objcToCTemplate = `{{range .Visible}}
{{- if eq .Type "text"}}  c->{{.Name}} = LTSText(p.{{.ObjC}}, @"{{.ObjC}}", &wrong);
{{else if eq .Type "list"}}  c->{{.Name}} = LTSList(p.{{.ObjC}}, &c->{{.Name}}Count);
{{else if eq .Type "milliseconds"}}  c->{{.Name}} = LTSMilliseconds(p.{{.ObjC}});
{{else}}  c->{{.Name}} = LTSInt32(p.{{.ObjC}});
{{end}}{{end}}`

const objcFromCTemplate = `{{range .Visible}}  _{{.ObjC}} = {{if eq .Type "string"}}LTSRetained(LTSString(c->{{.Name}}))
{{- else if eq .Type "time"}}LTSRetained(LTSDate(c->{{.Name}}))
{{- else}}c->{{.Name}}{{end}};
{{end}}`
