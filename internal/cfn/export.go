package cfn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reglue/reglue/internal/glue"
)

// Export writes definitions as a CloudFormation template in YAML, in the order
// databases, tables, partitions, connections, security configurations, workflows,
// jobs, triggers. References between them are written with !Ref. Parse reads the
// same definitions from it; only what is secret of connections becomes parameters
// without a value, which have to be given.
func Export(t *Template) ([]byte, error) {
	x := exporter{ids: map[origin]string{}, taken: map[string]bool{}}
	x.exportCatalog(t, func(kind Kind, name string, _ any) { x.name(t, kind, name, "") })
	for i := range t.SecurityConfigurations {
		x.name(t, KindSecurityConfiguration, t.SecurityConfigurations[i].Name, "Security")
	}
	for i := range t.Workflows {
		x.name(t, KindWorkflow, t.Workflows[i].Name, "")
	}
	for i := range t.Jobs {
		x.name(t, KindJob, t.Jobs[i].Name, "Job")
	}
	for i := range t.Triggers {
		x.name(t, KindTrigger, t.Triggers[i].Name, "Trigger")
	}
	resources := &yaml.Node{Kind: yaml.MappingNode}
	x.exportCatalog(t, func(kind Kind, name string, request any) { x.add(resources, kind, name, request) })
	for i := range t.SecurityConfigurations {
		x.add(resources, KindSecurityConfiguration, t.SecurityConfigurations[i].Name, t.SecurityConfigurations[i])
	}
	for i := range t.Workflows {
		x.add(resources, KindWorkflow, t.Workflows[i].Name, t.Workflows[i])
	}
	for i := range t.Jobs {
		x.add(resources, KindJob, t.Jobs[i].Name, t.Jobs[i])
	}
	for i := range t.Triggers {
		x.add(resources, KindTrigger, t.Triggers[i].Name, t.Triggers[i])
	}
	if x.err != nil {
		return nil, x.err
	}
	doc := &yaml.Node{Kind: yaml.MappingNode}
	put(doc, "AWSTemplateFormatVersion", quoted("2010-09-09"))
	if t.Description != "" {
		put(doc, "Description", plainOrQuoted(t.Description))
	}
	if len(x.secrets) > 0 {
		put(doc, "Parameters", x.parameters())
	}
	put(doc, "Resources", resources)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("write the template: %w", err)
	}
	return out.Bytes(), nil
}

type exporter struct {
	ids   map[origin]string
	taken map[string]bool
	// secrets are the parameters that stand for what is secret.
	secrets []string
	err     error
}

var typeNames = map[Kind]string{
	KindDatabase: "AWS::Glue::Database", KindTable: "AWS::Glue::Table", KindPartition: "AWS::Glue::Partition",
	KindConnection: "AWS::Glue::Connection", KindSecurityConfiguration: "AWS::Glue::SecurityConfiguration",
	KindJob: "AWS::Glue::Job", KindWorkflow: "AWS::Glue::Workflow", KindTrigger: "AWS::Glue::Trigger",
}

// name gives a resource a logical id: the one it had in a template, else its
// name's letters and digits.
func (x *exporter) name(t *Template, kind Kind, name, suffix string) {
	id := t.LogicalID(kind, name)
	if id == "" {
		id = camel(name)
		if x.taken[id] || id == "" {
			id += suffix
		}
	}
	base := id
	for n := 2; x.taken[id] || id == ""; n++ {
		id = base + strconv.Itoa(n)
	}
	x.taken[id] = true
	x.ids[origin{kind, name}] = id
}

// camel joins the words of a name: clean_orders gives CleanOrders.
func camel(name string) string {
	var out strings.Builder
	up := true
	for _, r := range name {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
		case up:
			out.WriteRune(unicode.ToUpper(r))
			up = false
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func put(to *yaml.Node, key string, value *yaml.Node) {
	to.Content = append(to.Content, plainOrQuoted(key), value)
}

func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: yaml.DoubleQuotedStyle}
}

// plainOrQuoted leaves the quotes to the YAML package, which sets them where the
// text would otherwise be something else.
func plainOrQuoted(text string) *yaml.Node {
	if strings.ContainsAny(text, "\r\u0085\u2028\u2029\t") {
		return quoted(text)
	}
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

func (x *exporter) add(resources *yaml.Node, kind Kind, name string, request any) {
	resource := &yaml.Node{Kind: yaml.MappingNode}
	put(resource, "Type", plainOrQuoted(typeNames[kind]))
	if r, ok := request.(glue.CreatePartitionRequest); ok { // no reference tells of the table
		if id := x.ids[origin{KindTable, strings.ToLower(r.DatabaseName + "." + r.TableName)}]; id != "" {
			put(resource, "DependsOn", plainOrQuoted(id))
		}
	}
	if r, ok := request.(glue.CreateConnectionRequest); ok {
		request = x.withoutSecrets(r, x.ids[origin{kind, name}])
	}
	put(resource, "Properties", x.value(reflect.ValueOf(request), ""))
	put(resources, x.ids[origin{kind, name}], resource)
}

// value writes a value of the API, members in the API's order.
func (x *exporter) value(v reflect.Value, member string) *yaml.Node {
	if raw, ok := v.Interface().(json.RawMessage); ok {
		return x.raw(raw)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return x.value(v.Elem(), member)
	case reflect.Struct:
		return x.structure(v)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			n.Content = append(n.Content, x.value(v.Index(i), member))
		}
		return n
	case reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode}
		keys := sortedKeys(v)
		for _, key := range keys {
			if strings.HasPrefix(key, "Fn::") || len(keys) == 1 && isFunction(key) {
				x.err = fmt.Errorf("the key %q cannot stand in a template: it would be read as a function", key)
			}
			put(n, key, x.value(v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())), ""))
		}
		return n
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			x.err = fmt.Errorf("the text %q cannot stand in a template: it is not valid UTF-8", v.String())
		}
		return x.text(v.String(), member)
	default:
		n := &yaml.Node{}
		if err := n.Encode(v.Interface()); err != nil {
			x.err = err
		}
		return n
	}
}

// structure writes the members that are set.
func (x *exporter) structure(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if options != "" && v.Field(i).IsZero() {
			continue
		}
		key := name
		if v.Type() == reflect.TypeFor[glue.EncryptionConfiguration]() && name == "S3Encryption" {
			key = templateS3Encryptions
		}
		put(n, key, x.value(v.Field(i), name))
	}
	return n
}

// text writes a text, as a reference where it names a resource of the template.
func (x *exporter) text(text, member string) *yaml.Node {
	if text == ownCatalog && member == "CatalogId" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!Ref", Value: ownCatalog}
	}
	if parameter, ok := strings.CutPrefix(text, parameterMark); ok {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!Ref", Value: parameter}
	}
	kind, ok := map[string]Kind{"Connections": KindConnection, "SecurityConfiguration": KindSecurityConfiguration, "WorkflowName": KindWorkflow, "JobName": KindJob, "DatabaseName": KindDatabase}[member]
	if id := x.ids[origin{kind, text}]; ok && id != "" {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!Ref", Value: id}
	}
	return plainOrQuoted(text)
}

// raw writes JSON that the API passes on as it is.
func (x *exporter) raw(text json.RawMessage) *yaml.Node {
	n := &yaml.Node{}
	if err := yaml.Unmarshal(text, n); err != nil || len(n.Content) != 1 {
		x.err = fmt.Errorf("write %.40s: %w", text, err)
		return n
	}
	return n.Content[0]
}

func sortedKeys(m reflect.Value) []string {
	keys := make([]string, 0, m.Len())
	for _, k := range m.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return keys
}
