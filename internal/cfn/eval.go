package cfn

import (
	"errors"
	"strconv"
	"strings"
)

// evalBudget limits the memory of what an evaluation produces: aliases and
// functions can multiply without end.
const evalBudget = 256 << 20

// errUnknown says that a function has an argument that is not understood; a
// warning has told of it.
var errUnknown = errors.New("an argument is not understood")

// evaluator evaluates the functions of one template.
type evaluator struct {
	*journal
	opt        Options
	pseudo     map[string]*node
	parameters map[string]*node
	mappings   *node
	conditions *node
	decided    map[string]bool
	deciding   []string // conditions under evaluation, outermost first
	resources  map[string]*resource
	order      []*resource
	current    *resource // whose references are being noted
	naming     []string  // resources whose name is under evaluation
	budget     int
}

// eval returns a value without functions. What has no value (AWS::NoValue) or is
// not understood is left out of lists and mappings.
func (e *evaluator) eval(n *node, path string) (*node, error) {
	if err := e.charge(n, n.size(), path); err != nil {
		return nil, err
	}
	switch n.kind {
	case scalar:
		if strings.Contains(n.text, "{{resolve:") {
			e.warnf(n.line, path, "the dynamic reference {{resolve:…}} is not looked up: the text is used as it stands")
		}
		return n, nil
	case list:
		return e.evalList(n, path)
	case mapping:
		return e.evalMapping(n, path)
	default:
		return n, nil
	}
}

// charge takes from the budget.
func (e *evaluator) charge(n *node, cost int, path string) error {
	if e.budget -= cost; e.budget < 0 {
		return e.faultf(n.line, path, "the template grows beyond %d MB when its aliases and functions are expanded", evalBudget>>20)
	}
	return nil
}

func (e *evaluator) evalList(n *node, path string) (*node, error) {
	out := &node{kind: list, line: n.line}
	for i, item := range n.items {
		v, err := e.eval(item, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		switch v.kind {
		case absent:
		case unknown:
			out.partial = true
		default:
			out.items = append(out.items, v)
		}
	}
	return out, nil
}

func (e *evaluator) evalMapping(n *node, path string) (*node, error) {
	if len(n.fields) == 1 && isFunction(n.fields[0].key) {
		f := n.fields[0]
		v, err := e.call(f.key, f.value, path)
		if errors.Is(err, errUnknown) {
			return &node{kind: unknown, line: n.line}, nil
		}
		if err == nil && v.kind == scalar {
			err = e.charge(v, len(v.text), path)
		}
		return v, err
	}
	out := &node{kind: mapping, line: n.line}
	for _, f := range n.fields {
		if strings.HasPrefix(f.key, "Fn::") {
			return nil, e.faultf(f.line, path, "%s must be the only key of its mapping", f.key)
		}
		v, err := e.eval(f.value, join(path, f.key))
		if err != nil {
			return nil, err
		}
		if v.kind != absent && v.kind != unknown {
			out.fields = append(out.fields, field{f.key, f.line, v})
		}
	}
	return out, nil
}

func isFunction(key string) bool { return key == "Ref" || strings.HasPrefix(key, "Fn::") }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// call evaluates one function.
func (e *evaluator) call(name string, arg *node, path string) (*node, error) {
	switch name {
	case "Ref":
		return e.fnRef(arg, path)
	case "Fn::GetAtt":
		return e.fnGetAtt(arg, path)
	case "Fn::Sub":
		return e.fnSub(arg, path)
	case "Fn::Join":
		return e.fnJoin(arg, path)
	case "Fn::Split":
		return e.fnSplit(arg, path)
	case "Fn::Select":
		return e.fnSelect(arg, path)
	case "Fn::If":
		return e.fnIf(arg, path)
	case "Fn::FindInMap":
		return e.fnFindInMap(arg, path)
	case "Fn::Base64":
		return e.fnBase64(arg, path)
	case "Fn::ImportValue":
		return e.fnImportValue(arg, path)
	case "Fn::ToJsonString":
		return e.fnToJSONString(arg, path)
	case "Fn::Length":
		return e.fnLength(arg, path)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		yes, err := e.test(&node{kind: mapping, line: arg.line, fields: []field{{name, arg.line, arg}}}, path)
		return &node{kind: scalar, line: arg.line, text: strconv.FormatBool(yes), plain: true}, err
	}
	e.warnf(arg.line, path, "the function %s is not supported: what it would give is left out", name)
	return nil, errUnknown
}
