package cfn

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// resource is one entry of the Resources section.
type resource struct {
	id         string
	typ        string
	line       int
	properties *node // nil when it has none
	metadata   *node // nil when it has none
	condition  string
	name       string         // of a kind that is created here, once it is known
	refers     map[string]int // logical ids, with the line of the first reference
}

func (r *resource) path() string { return "Resources." + r.id }

// needs notes that the resource refers to another.
func (r *resource) needs(id string, line int) {
	if r.refers == nil {
		r.refers = map[string]int{}
	}
	if _, ok := r.refers[id]; !ok {
		r.refers[id] = line
	}
}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// collect reads the Resources section, without evaluating the properties.
func (e *evaluator) collect(section *node) error {
	e.resources = make(map[string]*resource, len(section.fields))
	ours := 0
	var faults []error
	for _, f := range section.fields {
		r, err := e.resourceOf(f)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		e.resources[r.id] = r
		e.order = append(e.order, r)
		if kinds[r.typ] != "" {
			ours++
		}
	}
	for _, r := range e.order {
		for _, id := range slices.Sorted(maps.Keys(r.refers)) {
			if e.resources[id] == nil && len(faults) == 0 {
				faults = append(faults, e.faultf(r.refers[id], r.path()+".DependsOn", "%q is no resource of this template%s", id, e.closest(id)))
			}
		}
	}
	if len(faults) == 0 && ours == 0 {
		return e.faultf(section.line, "Resources", "nothing to create: no AWS::Glue::Job, Workflow, Trigger, Database, Table, Partition, Connection or SecurityConfiguration among them")
	}
	return errors.Join(faults...)
}

// tellMissing warns of the resources whose condition holds and that are not created
// here.
func (e *evaluator) tellMissing() error {
	for _, r := range e.order {
		if kinds[r.typ] != "" {
			continue
		}
		switch created, err := e.created(r); {
		case err != nil:
			return err
		case created:
			e.warnf(r.line, r.path(), "%s is not created here; what refers to it gets a value that stands in for it", r.typ)
		}
	}
	return nil
}

// resourceOf reads the frame of one resource.
func (e *evaluator) resourceOf(f field) (*resource, error) {
	r := &resource{id: f.key, line: f.line}
	if strings.HasPrefix(f.key, "Fn::") {
		return nil, e.faultf(f.line, r.path(), "%s is not supported among Resources: write the resources out", f.key)
	}
	typ := f.value.get("Type")
	if typ == nil || typ.kind != scalar {
		return nil, e.faultf(f.line, r.path(), "a resource is a mapping with a Type, such as AWS::Glue::Job")
	}
	r.typ = typ.text
	if !logicalID.MatchString(f.key) {
		e.warnf(f.line, r.path(), "CloudFormation allows letters and digits alone in the name of a resource")
	}
	for _, a := range f.value.fields {
		var err error
		switch a.key {
		case "Type", "DeletionPolicy":
		case "Metadata":
			r.metadata = a.value
		case "Properties":
			if a.value.kind != null {
				r.properties = a.value
			}
		case "Condition":
			r.condition = a.value.text
			if a.value.kind != scalar {
				err = e.faultf(a.line, r.path()+".Condition", "must be the name of a condition, got %s", a.value.kind)
			}
		case "DependsOn":
			err = e.dependsOn(r, a)
		default:
			if kinds[r.typ] != "" {
				e.warnf(a.line, join(r.path(), a.key), "this attribute is not understood, ignored")
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (e *evaluator) dependsOn(r *resource, a field) error {
	items := a.value.items
	if a.value.kind == scalar {
		items = []*node{a.value}
	}
	for _, item := range items {
		if item.kind != scalar {
			return e.faultf(item.line, r.path()+".DependsOn", "must be the name of a resource or a list of them, got %s", item.kind)
		}
		r.needs(item.text, item.line)
	}
	return nil
}

// build evaluates the resources that are created here and turns them into
// requests.
func (e *evaluator) build(t *Template) error {
	var faults []error
	requests := map[*resource]any{}
	for _, r := range e.order {
		created, err := e.created(r)
		if err != nil {
			return err
		}
		if kinds[r.typ] == "" || !created {
			continue
		}
		request, err := e.request(r)
		if err == nil {
			err = e.enter(t, r, requestName(r, request))
		}
		requests[r] = request
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	sorted, err := e.sorted()
	if err != nil {
		return err
	}
	for _, r := range sorted {
		switch request := requests[r].(type) {
		case *glue.CreateDatabaseRequest:
			t.Databases = append(t.Databases, *request)
		case *glue.CreateTableRequest:
			t.Tables = append(t.Tables, *request)
		case *glue.CreatePartitionRequest:
			t.Partitions = append(t.Partitions, *request)
		case *glue.CreateConnectionRequest:
			t.Connections = append(t.Connections, *request)
		case *glue.CreateSecurityConfigurationRequest:
			t.SecurityConfigurations = append(t.SecurityConfigurations, *request)
		case *glue.CreateJobRequest:
			t.Jobs = append(t.Jobs, *request)
		case *glue.CreateWorkflowRequest:
			t.Workflows = append(t.Workflows, *request)
		case *glue.CreateTriggerRequest:
			t.Triggers = append(t.Triggers, *request)
		}
	}
	return nil
}

// enter notes where a resource comes from; two of one kind need two names.
func (e *evaluator) enter(t *Template, r *resource, name string) error {
	at := origin{kinds[r.typ], name}
	if first, ok := t.origins[at]; ok {
		return e.faultf(r.line, r.path(), "%s (line %d) is a %s named %q too: give one of them another Name", first.id, first.line, at.kind, name)
	}
	t.origins[at] = place{r.id, r.line}
	return nil
}

// request evaluates a resource's properties and returns the checked request that
// creates it.
func (e *evaluator) request(r *resource) (any, error) {
	e.current = r
	defer func() { e.current = nil }()
	path := join(r.path(), "Properties")
	properties := &node{kind: mapping, line: r.line}
	if r.properties != nil {
		v, err := e.eval(r.properties, path)
		if err != nil {
			return nil, err
		}
		if v.kind != mapping {
			return nil, e.faultf(r.properties.line, path, "must be a mapping, got %s", v.kind)
		}
		properties = v
	}
	name, err := e.name(r, path)
	if err != nil {
		return nil, err
	}
	if kinds[r.typ].inCatalog() {
		return e.catalogRequest(r, properties)
	}
	properties.set("Name", textNode(r.line, name))
	var op string
	var out any
	switch kinds[r.typ] {
	case KindJob:
		op, out = "CreateJob", &glue.CreateJobRequest{}
		e.locateScript(properties.get("Command"), path)
	case KindWorkflow:
		op, out = "CreateWorkflow", &glue.CreateWorkflowRequest{}
	case KindTrigger:
		op, out = "CreateTrigger", &glue.CreateTriggerRequest{}
	case KindSecurityConfiguration:
		op, out = "CreateSecurityConfiguration", &glue.CreateSecurityConfigurationRequest{}
		encryptionsAsList(properties.get("EncryptionConfiguration"))
	case KindDatabase, KindTable, KindPartition, KindConnection: // see above
	}
	if err := e.decode(r, op, properties, out); err != nil {
		return nil, err
	}
	if w, ok := out.(*glue.CreateWorkflowRequest); ok {
		return out, e.autoResume(r, w)
	}
	return out, nil
}

// decode converts properties to the API's types and reads them into a request.
func (e *evaluator) decode(r *resource, op string, properties *node, out any) error {
	c := converter{journal: e.journal, typ: r.typ}
	members, err := c.convert(properties, reflect.TypeOf(out), join(r.path(), "Properties"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(members)
	if err != nil {
		return e.faultf(r.line, r.path(), "%w", err)
	}
	if err := glue.Decode(op, body, out); err != nil {
		return e.faultf(r.line, r.path(), "%s would refuse this %s: %w", op, kinds[r.typ], err)
	}
	return nil
}

// set gives a key of a mapping a value.
func (n *node) set(key string, value *node) {
	if i := slices.IndexFunc(n.fields, func(f field) bool { return f.key == key }); i >= 0 {
		n.fields[i].value = value
		return
	}
	n.fields = append(n.fields, field{key, value.line, value})
}

// locateScript turns a script's path in the template's folder into file:///….
func (e *evaluator) locateScript(command *node, path string) {
	location := command.get("ScriptLocation")
	if location == nil || location.kind != scalar || location.text == "" {
		return
	}
	file, local := strings.CutPrefix(location.text, "file://")
	if !local {
		if strings.Contains(location.text, "://") {
			return
		}
		file = location.text
		if !filepath.IsAbs(file) {
			file = filepath.Join(e.opt.Dir, file)
		}
		if abs, err := filepath.Abs(file); err == nil {
			file = abs
		}
		command.set("ScriptLocation", textNode(location.line, "file://"+filepath.ToSlash(file)))
	}
	if _, err := os.Stat(file); err != nil {
		e.warnf(location.line, path+".Command.ScriptLocation", "there is no script at %s", file)
	}
}
