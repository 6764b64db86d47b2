package main

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"strings"
)

// bill is a software bill of materials in CycloneDX 1.6, as much of it as there is to say.
type bill struct {
	Schema     string      `json:"$schema"`
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl"`
}

func library(name, version, purl string) component {
	return component{Type: "library", Ref: purl, Name: name, Version: version, PURL: purl}
}

// generic is a component that no package manager knows.
func generic(name, version string) component {
	return library(name, version, "pkg:generic/"+name+"@"+version)
}

func golang(module, version string) component {
	return library(module, version, "pkg:golang/"+module+"@"+version)
}

// billOf says what a product that Go built consists of, as it says itself: what is linked
// in, not what a lock file allows; and what others brought.
func billOf(info *debug.BuildInfo, name, version string, brought []component) ([]byte, error) {
	all := bill{
		Schema:     "http://cyclonedx.org/schema/bom-1.6.schema.json",
		Format:     "CycloneDX",
		Spec:       "1.6",
		Version:    1,
		Metadata:   metadata{generic(name, version)},
		Components: []component{golang("stdlib", strings.TrimPrefix(info.GoVersion, "go"))},
	}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		all.Components = append(all.Components, golang(module.Path, module.Version))
	}
	all.Components = append(all.Components, brought...)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
	return b.Bytes(), err
}
