package glue

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sync"
)

//go:embed schema.gen.json
var schemaText []byte

// schema is what schema.gen.json holds.
type schema struct {
	Known  []string `json:"known"` // sorted
	Served map[string]struct {
		Input  string   `json:"input"`
		Errors []string `json:"errors"`
	} `json:"served"`
	Shapes map[string]*shape `json:"shapes"`
}

// shape is the type of a value and the rules that it must meet.
type shape struct {
	Type      string      `json:"type"`
	Members   [][2]string `json:"members"` // name and shape, in the model's order
	Required  []string    `json:"required"`
	Key       string      `json:"key"`
	Value     string      `json:"value"` // the shape of a list's or map's values
	Min       *float64    `json:"min"`
	Max       *float64    `json:"max"`
	Pattern   string      `json:"pattern"` // as the model has it, for messages
	Regexp    string      `json:"regexp"`  // in Go's syntax, when that differs
	Enum      []string    `json:"enum"`
	Sensitive bool        `json:"sensitive"` // its values are not repeated in messages

	match func(string) bool // whether a value matches Pattern as a whole
}

// rules parses the schema at its first use. The file is part of the program and
// the tests parse it, so a fault in it is a fault of the build.
var rules = sync.OnceValue(func() *schema {
	s := new(schema)
	if err := json.Unmarshal(schemaText, s); err != nil {
		panic(fmt.Sprintf("glue: schema.gen.json: %v", err))
	}
	for _, sh := range s.Shapes {
		if sh.Pattern == "" {
			continue
		}
		expr := sh.Regexp
		if expr == "" {
			expr = sh.Pattern
		}
		compiled := sync.OnceValue(func() *regexp.Regexp {
			return regexp.MustCompile(`\A(?:` + expr + `)\z`)
		})
		sh.match = func(v string) bool { return compiled().MatchString(v) }
	}
	return s
})

// KnownOperation reports whether Glue has an operation of this name, served
// here or not.
func KnownOperation(name string) bool {
	_, ok := slices.BinarySearch(rules().Known, name)
	return ok
}

// ServedOperations returns the names of the operations whose requests can be
// decoded, sorted.
func ServedOperations() []string {
	var names []string
	for name := range rules().Served {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// DeclaredErrors returns the names of the exceptions that a served operation
// declares; clients have types for these alone.
func DeclaredErrors(op string) []string {
	return slices.Clone(rules().Served[op].Errors)
}

// Declares reports whether a served operation declares errors of this kind.
func Declares(op string, kind Kind) bool {
	return slices.Contains(rules().Served[op].Errors, string(kind))
}
