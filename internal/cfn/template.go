package cfn

import (
	"bytes"
	"cmp"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// Options is what a template does not say itself.
type Options struct {
	StackName  string            // by default the template's file name
	Account    string            // by default 000000000000
	Region     string            // by default us-east-1
	Parameters map[string]string // values of the template's parameters
	Imports    map[string]string // values for Fn::ImportValue, by export name
	Dir        string            // the template's folder, from which relative scripts are found
	AWS        bool              // it is for an AWS account: what only reglue does not do is not warned of
}

// Template is an evaluated template: the requests that create what it defines,
// each list in the order of its dependencies. They have been checked against the
// rules of the Glue model.
type Template struct {
	StackName   string
	Account     string
	Region      string
	Partition   string
	Description string

	// Of the Data Catalog. Names of databases and tables are of lower case.
	Databases  []glue.CreateDatabaseRequest
	Tables     []glue.CreateTableRequest
	Partitions []glue.CreatePartitionRequest

	Connections            []glue.CreateConnectionRequest
	SecurityConfigurations []glue.CreateSecurityConfigurationRequest

	Jobs      []glue.CreateJobRequest
	Workflows []glue.CreateWorkflowRequest
	Triggers  []glue.CreateTriggerRequest
	Outputs   map[string]string

	origins map[origin]place
}

// Kind is a kind of resource that templates create here.
type Kind string

// The kinds, in the order in which they are created.
const (
	KindDatabase  Kind = "database"
	KindTable     Kind = "table"
	KindPartition Kind = "partition"

	KindConnection            Kind = "connection"
	KindSecurityConfiguration Kind = "security configuration"

	KindJob      Kind = "job"
	KindWorkflow Kind = "workflow"
	KindTrigger  Kind = "trigger"
)

// kinds are the resource types that are created here.
var kinds = map[string]Kind{
	"AWS::Glue::Database":  KindDatabase,
	"AWS::Glue::Table":     KindTable,
	"AWS::Glue::Partition": KindPartition,
	"AWS::Glue::Job":       KindJob,

	"AWS::Glue::Connection":            KindConnection,
	"AWS::Glue::SecurityConfiguration": KindSecurityConfiguration,

	"AWS::Glue::Workflow": KindWorkflow,
	"AWS::Glue::Trigger":  KindTrigger,
}

type origin struct {
	kind Kind
	name string
}

type place struct {
	id   string // the logical id
	line int
}

// LogicalID returns the name that the template uses for a resource, empty for
// one that is not in it.
func (t *Template) LogicalID(kind Kind, name string) string {
	return t.origins[origin{kind, name}].id
}

// Parse evaluates a template. The name is that of its file, for messages. Every
// resource that cannot be used is named in the error, by file and line.
func Parse(src []byte, name string, opt Options) (*Template, []Warning, error) {
	j := &journal{file: cmp.Or(name, "template")}
	opt = opt.withDefaults(name)
	root, err := read(src, j)
	if err != nil {
		return nil, j.sorted(), err
	}
	if err := checkSections(root, j); err != nil {
		return nil, j.sorted(), err
	}
	e := &evaluator{
		journal: j, opt: opt, pseudo: pseudoParameters(opt), budget: evalBudget,
		mappings: root.get("Mappings"), conditions: root.get("Conditions"), decided: map[string]bool{},
	}
	t, err := e.template(root)
	if err != nil {
		return nil, j.sorted(), err
	}
	lint(t, j, opt.AWS)
	return t, j.sorted(), nil
}

var notInStackName = regexp.MustCompile(`[^A-Za-z0-9-]+`)

func (o Options) withDefaults(name string) Options {
	base := filepath.Base(name)
	base = strings.Trim(notInStackName.ReplaceAllString(strings.TrimSuffix(base, filepath.Ext(base)), "-"), "-")
	o.StackName = cmp.Or(o.StackName, base, "stack")
	o.Account = cmp.Or(o.Account, "000000000000")
	o.Region = cmp.Or(o.Region, "us-east-1")
	return o
}

// read parses YAML or JSON. What begins with a brace is JSON, unless only YAML
// can read it.
func read(src []byte, j *journal) (*node, error) {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(trimmed, []byte("{")) {
		return readYAML(src, j)
	}
	n, err := readJSON(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")), j)
	if err == nil {
		return n, nil
	}
	if n, yamlErr := readYAML(src, j); yamlErr == nil {
		return n, nil
	}
	return nil, err
}

var sections = []string{
	"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions",
	"Transform", "Resources", "Outputs",
}

// checkSections refuses what is no template and tells of sections that are not
// understood.
func checkSections(root *node, j *journal) error {
	resources := root.get("Resources")
	if resources == nil {
		hint := ""
		if root.kind == mapping {
			hint = "; it has: " + keysOf(root)
		}
		return j.faultf(root.line, "", "this is not a CloudFormation template: no Resources%s", hint)
	}
	if resources.kind != mapping || len(resources.fields) == 0 {
		return j.faultf(resources.line, "Resources", "must be a mapping with at least one resource, got %s", resources.kind)
	}
	for _, f := range root.fields {
		if !slices.Contains(sections, f.key) {
			j.warnf(f.line, f.key, "this section is not understood, ignored")
		}
		if s := f.value; (f.key == "Mappings" || f.key == "Conditions" || f.key == "Outputs") && s.kind != mapping && s.kind != null {
			return j.faultf(f.line, f.key, "must be a mapping, got %s", s.kind)
		}
	}
	transforms := root.get("Transform")
	if transforms == nil {
		return nil
	}
	if transforms.kind == scalar {
		transforms = &node{kind: list, items: []*node{transforms}}
	}
	for _, t := range transforms.items {
		if t.text != "AWS::LanguageExtensions" {
			j.warnf(t.line, "Transform", "the transform %s is not carried out: the template is read as it stands", t.text)
		}
	}
	return nil
}

// template evaluates all sections.
func (e *evaluator) template(root *node) (*Template, error) {
	if err := e.declare(root.get("Parameters")); err != nil {
		return nil, err
	}
	if err := e.collect(root.get("Resources")); err != nil {
		return nil, err
	}
	for _, f := range fieldsOf(e.conditions) {
		if _, err := e.condition(f.key, f.line, "Conditions"); err != nil {
			return nil, err
		}
	}
	if err := e.tellMissing(); err != nil {
		return nil, err
	}
	t := &Template{
		StackName: e.opt.StackName, Account: e.opt.Account, Region: e.opt.Region, Partition: e.pseudo["AWS::Partition"].text,
		Outputs: map[string]string{}, origins: map[origin]place{},
	}
	if d := root.get("Description"); d != nil {
		t.Description = d.text
	}
	if err := e.build(t); err != nil {
		return nil, err
	}
	var faults []error
	for _, f := range fieldsOf(root.get("Outputs")) {
		if err := e.output(t, f); err != nil {
			faults = append(faults, err)
		}
	}
	return t, errors.Join(faults...)
}

func fieldsOf(n *node) []field {
	if n == nil {
		return nil
	}
	return n.fields
}

// output evaluates one entry of Outputs.
func (e *evaluator) output(t *Template, f field) error {
	path := "Outputs." + f.key
	if c := f.value.get("Condition"); c != nil {
		if yes, err := e.condition(c.text, c.line, path); err != nil || !yes {
			return err
		}
	}
	value := f.value.get("Value")
	if value == nil {
		return e.faultf(f.line, path, "has no Value")
	}
	v, err := e.eval(value, path)
	switch {
	case err != nil:
		return err
	case v.kind == scalar:
		t.Outputs[f.key] = v.text
	case v.kind == unknown:
	default:
		e.warnf(f.line, path, "an output is a text, this is %s: left out", v.kind)
	}
	return nil
}
