// Package glue holds the words of the domain: the requests, answers and data of
// the Glue API, the rules that a request must meet, times, ids and error kinds.
// It is data and rules, without I/O, and imports nothing else of this module.
//
// The types in *.gen.go and the rules in schema.gen.json are generated from the
// botocore service model by the command in ./gen.
package glue

//go:generate go run ./gen
