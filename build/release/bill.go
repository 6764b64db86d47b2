package main

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"strings"
)

// bill is a software bill of materials in CycloneDX 1.6, as much of it as there is to say.
type bill struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

// metadata has no time: the same sources give the same bill.
type metadata struct {
	Authors   []named   `json:"authors"`
	Component component `json:"component"`
	Supplier  named     `json:"supplier"`
}

type named struct {
	Name string `json:"name"`
}

// dependency says that a component contains others, by their references.
type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
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
	product, us := generic(name, version), named{"The OpenLTS authors"}
	all := bill{
		Schema:     "http://cyclonedx.org/schema/bom-1.6.schema.json",
		Format:     "CycloneDX",
		Spec:       "1.6",
		Version:    1,
		Metadata:   metadata{Authors: []named{us}, Component: product, Supplier: us},
		Components: []component{golang("stdlib", strings.TrimPrefix(info.GoVersion, "go"))},
	}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		all.Components = append(all.Components, golang(module.Path, module.Version))
	}
	all.Components = append(all.Components, brought...)
	contains := dependency{Ref: product.Ref}
	for _, each := range all.Components {
		contains.On = append(contains.On, each.Ref)
	}
	all.Dependencies = []dependency{contains}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(all)
	return b.Bytes(), err
}
