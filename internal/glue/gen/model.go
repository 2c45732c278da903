package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

// model is what the generator reads of a botocore service model.
type model struct {
	Operations map[string]*operation `json:"operations"`
	Shapes     map[string]*shape     `json:"shapes"`
}

type operation struct {
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
}

type ref struct {
	Shape string `json:"shape"`
}

type shape struct {
	Type      string   `json:"type"`
	Members   members  `json:"members"`
	Required  []string `json:"required"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
	Min       *float64 `json:"min"`
	Max       *float64 `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
}

// members keeps the order of the model, which is the order in which the fields
// are written and faults are reported.
type members []member

type member struct {
	Name  string
	Shape string
}

// UnmarshalJSON reads an object and keeps the order of its keys.
func (ms *members) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var to ref
		if err := dec.Decode(&to); err != nil {
			return err
		}
		*ms = append(*ms, member{Name: fmt.Sprint(name), Shape: to.Shape})
	}
	return nil
}

func loadModel(path string) (*model, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, err
		}
	}
	m := new(model)
	if err := json.NewDecoder(in).Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, op := range served {
		o := m.Operations[op]
		if o == nil || o.Input == nil || o.Output == nil {
			return nil, fmt.Errorf("%s: operation %s is missing or has no input or output shape", path, op)
		}
	}
	return m, nil
}

// closure returns the names of all shapes reachable from the roots, sorted. It
// does not look into shapes for which stop is true.
func (m *model) closure(roots []string, stop func(string) bool) []string {
	seen := map[string]bool{}
	for len(roots) > 0 {
		name := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		if seen[name] {
			continue
		}
		seen[name] = true
		if stop(name) {
			continue
		}
		s := m.Shapes[name]
		for _, to := range s.Members {
			roots = append(roots, to.Shape)
		}
		for _, to := range []*ref{s.Member, s.Key, s.Value} {
			if to != nil {
				roots = append(roots, to.Shape)
			}
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
