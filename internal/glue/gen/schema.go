package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
)

// The types below are the form of schema.gen.json; the package glue has their
// counterparts for reading.

type schema struct {
	// Known are all operations of the model, served or not.
	Known []string `json:"known"`
	// Served are the operations whose requests can be validated.
	Served map[string]schemaOperation `json:"served"`
	Shapes map[string]schemaShape     `json:"shapes"`
}

type schemaOperation struct {
	Input  string   `json:"input"`
	Errors []string `json:"errors"`
}

type schemaShape struct {
	Type string `json:"type"`
	// Members are pairs of name and shape, in the order of the model.
	Members  [][2]string `json:"members,omitempty"`
	Required []string    `json:"required,omitempty"`
	Key      string      `json:"key,omitempty"`
	// Value is the shape of a list's or map's values.
	Value   string   `json:"value,omitempty"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	Pattern string   `json:"pattern,omitempty"`
	// Regexp is Pattern in Go's syntax, when that differs.
	Regexp    string   `json:"regexp,omitempty"`
	Enum      []string `json:"enum,omitempty"`
	Sensitive bool     `json:"sensitive,omitempty"`
}

func schemaFile(m *model) ([]byte, error) {
	out := schema{Served: map[string]schemaOperation{}, Shapes: map[string]schemaShape{}}
	for name := range m.Operations {
		out.Known = append(out.Known, name)
	}
	sort.Strings(out.Known)
	var roots []string
	for _, op := range served {
		o := schemaOperation{Input: m.Operations[op].Input.Shape}
		for _, fault := range m.Operations[op].Errors {
			o.Errors = append(o.Errors, fault.Shape)
		}
		out.Served[op] = o
		roots = append(roots, o.Input)
	}
	for _, name := range m.closure(roots, func(string) bool { return false }) {
		s, err := convert(m.Shapes[name])
		if err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
		out.Shapes[name] = s
	}
	return compact(out)
}

func convert(s *shape) (schemaShape, error) {
	out := schemaShape{
		Type: s.Type, Required: s.Required, Min: s.Min, Max: s.Max,
		Pattern: s.Pattern, Enum: s.Enum, Sensitive: s.Sensitive,
	}
	for _, to := range s.Members {
		out.Members = append(out.Members, [2]string{to.Name, to.Shape})
	}
	if s.Key != nil {
		out.Key = s.Key.Shape
	}
	for _, to := range []*ref{s.Member, s.Value} {
		if to != nil {
			out.Value = to.Shape
		}
	}
	if s.Pattern == "" {
		return out, nil
	}
	re, err := translate(s.Pattern)
	if err != nil {
		return out, err
	}
	if re != s.Pattern {
		out.Regexp = re
	}
	return out, nil
}

// compact writes one shape or operation a line: small, and a change of the
// model shows as the lines that it changes.
func compact(s schema) ([]byte, error) {
	var out bytes.Buffer
	fault := error(nil)
	line := func(v any) string {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil && fault == nil {
			fault = err
		}
		return string(bytes.TrimSpace(text.Bytes()))
	}
	fmt.Fprintf(&out, "{\"known\":%s,\n\"served\":{", line(s.Known))
	sep := "\n"
	for _, name := range served {
		fmt.Fprintf(&out, "%s%s:%s", sep, line(name), line(s.Served[name]))
		sep = ",\n"
	}
	out.WriteString("},\n\"shapes\":{")
	names := make([]string, 0, len(s.Shapes))
	for name := range s.Shapes {
		names = append(names, name)
	}
	sort.Strings(names)
	sep = "\n"
	for _, name := range names {
		fmt.Fprintf(&out, "%s%s:%s", sep, line(name), line(s.Shapes[name]))
		sep = ",\n"
	}
	out.WriteString("}}\n")
	return out.Bytes(), fault
}
