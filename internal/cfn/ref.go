package cfn

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// fnRef evaluates Ref.
func (e *evaluator) fnRef(arg *node, path string) (*node, error) {
	if arg.kind != scalar {
		return nil, e.faultf(arg.line, path, "Ref needs the name of a parameter or resource, got %s", arg.kind)
	}
	return e.reference(arg.text, arg, path)
}

// reference returns what a name stands for: a pseudo parameter, a parameter or a
// resource.
func (e *evaluator) reference(name string, at *node, path string) (*node, error) {
	if v, ok := e.pseudo[name]; ok {
		return v.at(at.line), nil
	}
	if v, ok := e.parameters[name]; ok {
		return v.at(at.line), nil
	}
	r, err := e.resource("Ref", name, at, path)
	if err != nil {
		return nil, err
	}
	if kinds[r.typ] == "" {
		return e.standIn(r, "", at, path)
	}
	text, err := e.name(r, path)
	return textNode(at.line, text), err
}

// at returns the value as seen from a line.
func (n *node) at(line int) *node {
	c := *n
	c.line = line
	return &c
}

// fnGetAtt evaluates GetAtt: "Resource.Attribute", or a list of both.
func (e *evaluator) fnGetAtt(arg *node, path string) (*node, error) {
	const name = "Fn::GetAtt"
	if arg.kind == scalar {
		id, attribute, ok := strings.Cut(arg.text, ".")
		if !ok {
			return nil, e.faultf(arg.line, path, "%s needs Resource.Attribute, got %q", name, arg.text)
		}
		return e.attribute(id, attribute, arg, path)
	}
	if arg.kind != list || len(arg.items) < 2 || arg.items[0].kind != scalar {
		return nil, e.faultf(arg.line, path, "%s needs a resource's name and an attribute", name)
	}
	var parts []string
	for _, item := range arg.items[1:] {
		text, err := e.text(name, item, path)
		if err != nil {
			return nil, err
		}
		parts = append(parts, text)
	}
	return e.attribute(arg.items[0].text, strings.Join(parts, "."), arg, path)
}

func (e *evaluator) attribute(id, attribute string, at *node, path string) (*node, error) {
	r, err := e.resource("Fn::GetAtt", id, at, path)
	if err != nil {
		return nil, err
	}
	if kinds[r.typ] != "" {
		return nil, e.faultf(at.line, path, "%s has no attribute %q: use Ref for its name, or build the value with Fn::Sub", r.typ, attribute)
	}
	return e.standIn(r, attribute, at, path)
}

// resource finds a resource that something refers to, and notes that it does.
func (e *evaluator) resource(function, id string, at *node, path string) (*resource, error) {
	r, ok := e.resources[id]
	if !ok {
		return nil, e.faultf(at.line, path, "%s: %q is no %sresource of this template%s", function, id,
			map[bool]string{true: "parameter or "}[function == "Ref"], e.closest(id))
	}
	if e.current != nil {
		e.current.needs(id, at.line)
	}
	created, err := e.created(r)
	if err != nil {
		return nil, err
	}
	if !created {
		return nil, e.faultf(at.line, path, "%s: the resource %q is not created, as its condition %q does not hold", function, id, r.condition)
	}
	return r, nil
}

// created tells whether a resource's condition holds.
func (e *evaluator) created(r *resource) (bool, error) {
	if r.condition == "" {
		return true, nil
	}
	return e.condition(r.condition, r.line, r.path())
}

// closest suggests the name that was meant, where only case differs.
func (e *evaluator) closest(name string) string {
	for _, r := range e.order {
		if strings.EqualFold(r.id, name) {
			return fmt.Sprintf(", did you mean %q?", r.id)
		}
	}
	for p := range e.parameters {
		if strings.EqualFold(p, name) {
			return fmt.Sprintf(", did you mean %q?", p)
		}
	}
	return ""
}

// name returns the name of a resource that is created here: its Name, else one
// that stays the same from one apply to the next.
func (e *evaluator) name(r *resource, path string) (string, error) {
	if r.name != "" {
		return r.name, nil
	}
	if at := slices.Index(e.naming, r.id); at >= 0 {
		return "", e.faultf(r.line, path, "the names of these resources depend on each other in a circle: %s", circle(e.naming[at:]))
	}
	e.naming = append(e.naming, r.id)
	defer func() { e.naming = e.naming[:len(e.naming)-1] }()
	given, err := e.givenName(r)
	r.name = kinds[r.typ].folded(cmp.Or(given, e.opt.StackName+"-"+r.id))
	if err != nil {
		r.name = ""
	}
	return r.name, err
}

// property evaluates one text of a resource's properties, by its keys; empty
// when it is not given. What it refers to is the need of that resource.
func (e *evaluator) property(r *resource, keys ...string) (string, error) {
	n, path := r.properties, join(r.path(), "Properties")
	for _, key := range keys {
		n, path = n.get(key), join(path, key)
	}
	if n == nil {
		return "", nil
	}
	outer := e.current
	e.current = r
	defer func() { e.current = outer }()
	v, err := e.eval(n, path)
	if err != nil || v.kind != scalar {
		return "", err
	}
	return v.text, nil
}

// pseudoParameters are the values that CloudFormation gives to every template.
func pseudoParameters(opt Options) map[string]*node {
	partition, suffix := "aws", "amazonaws.com"
	switch {
	case strings.HasPrefix(opt.Region, "cn-"):
		partition, suffix = "aws-cn", "amazonaws.com.cn"
	case strings.HasPrefix(opt.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	h := sha256.Sum256([]byte(opt.StackName))
	stackID := fmt.Sprintf("arn:%s:cloudformation:%s:%s:stack/%s/%x-%x-%x-%x-%x",
		partition, opt.Region, opt.Account, opt.StackName, h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
	return map[string]*node{
		"AWS::Region":           textNode(0, opt.Region),
		"AWS::AccountId":        textNode(0, opt.Account),
		"AWS::Partition":        textNode(0, partition),
		"AWS::URLSuffix":        textNode(0, suffix),
		"AWS::StackName":        textNode(0, opt.StackName),
		"AWS::StackId":          textNode(0, stackID),
		"AWS::NotificationARNs": {kind: list},
		"AWS::NoValue":          {kind: absent},
	}
}
