// Package cfn turns CloudFormation templates into the definitions of the Glue
// API and back. Parse evaluates a template and returns the requests that create
// its databases, tables, partitions, connections, security configurations, jobs, workflows and triggers; Diff and Apply bring a server to that state
// with Glue's own operations alone, so they work on a real account as well; Fetch
// and Export write what a server holds as a template.
//
// What a template asks for and this package does not do is told as a Warning
// that names the place; nothing is dropped in silence.
//
// The way of a template:
//
//	text ──▶ node tree ──▶ evaluated (functions gone) ──▶ API shapes ──▶ checked requests
//	     YAML, JSON    Ref, Fn::…, conditions      "2" → 2, 2 → "2"    glue.Decode
//
// It may import glue.
package cfn
