package cfn

import (
	"slices"
	"strconv"
	"strings"
)

// condition tells whether a condition of the template holds.
func (e *evaluator) condition(name string, line int, path string) (bool, error) {
	if yes, ok := e.decided[name]; ok {
		return yes, nil
	}
	expr := e.conditions.get(name)
	if expr == nil {
		return false, e.faultf(line, path, "the condition %q is not defined under Conditions", name)
	}
	if at := slices.Index(e.deciding, name); at >= 0 {
		return false, e.faultf(expr.line, "Conditions."+name, "the conditions depend on each other in a circle: %s", circle(e.deciding[at:]))
	}
	e.deciding = append(e.deciding, name)
	yes, err := e.test(expr, "Conditions."+name)
	e.deciding = e.deciding[:len(e.deciding)-1]
	if err == nil {
		e.decided[name] = yes
	}
	return yes, err
}

// circle words a circular dependency.
func circle(names []string) string {
	return strings.Join(names, " → ") + " → " + names[0]
}

// test evaluates an expression of the condition functions.
func (e *evaluator) test(n *node, path string) (bool, error) {
	if err := e.charge(n, n.size(), path); err != nil {
		return false, err
	}
	if n.kind != mapping || len(n.fields) != 1 {
		return false, e.faultf(n.line, path, "a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, got %s", n.kind)
	}
	name, arg := n.fields[0].key, n.fields[0].value
	switch name {
	case "Condition":
		if arg.kind != scalar {
			return false, e.faultf(arg.line, path, "Condition needs the name of a condition, got %s", arg.kind)
		}
		return e.condition(arg.text, arg.line, path)
	case "Fn::Equals":
		return e.equals(arg, path)
	case "Fn::Not":
		args, err := e.args(name, arg, 1, 1, path)
		if err != nil {
			return false, err
		}
		yes, err := e.test(args[0], path)
		return !yes, err
	case "Fn::And", "Fn::Or":
		return e.several(name, arg, path)
	}
	return false, e.faultf(n.line, path, "a condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition, got %q", name)
}

// several evaluates And and Or. All of their arguments are looked at, so that a
// fault in one is told whatever the others say.
func (e *evaluator) several(name string, arg *node, path string) (bool, error) {
	args, err := e.args(name, arg, 2, 10, path)
	if err != nil {
		return false, err
	}
	and := name == "Fn::And"
	result := and
	for i, a := range args {
		yes, err := e.test(a, path+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return false, err
		}
		if yes != and {
			result = yes
		}
	}
	return result, nil
}

func (e *evaluator) equals(arg *node, path string) (bool, error) {
	args, err := e.args("Fn::Equals", arg, 2, 2, path)
	if err != nil {
		return false, err
	}
	var texts [2]string
	for i, a := range args {
		if texts[i], err = e.conditionText(a, path); err != nil {
			return false, err
		}
	}
	return texts[0] == texts[1], nil
}

// conditionText evaluates an argument of Fn::Equals; a condition cannot hang on
// what is not understood.
func (e *evaluator) conditionText(n *node, path string) (string, error) {
	v, err := e.eval(n, path)
	if err != nil {
		return "", err
	}
	if v.kind != scalar {
		return "", e.faultf(n.line, path, "Fn::Equals compares texts, got %s", v.kind)
	}
	return v.text, nil
}

// fnFindInMap looks up Mappings. A fourth argument may hold a DefaultValue.
func (e *evaluator) fnFindInMap(arg *node, path string) (*node, error) {
	const name = "Fn::FindInMap"
	args, err := e.args(name, arg, 3, 4, path)
	if err != nil {
		return nil, err
	}
	var keys [3]string
	for i := range keys {
		if keys[i], err = e.text(name, args[i], path); err != nil {
			return nil, err
		}
	}
	table := e.mappings.get(keys[0])
	found := table.get(keys[1]).get(keys[2])
	switch {
	case found != nil && (found.kind == scalar || found.kind == list):
		return e.eval(found, join(join(join("Mappings", keys[0]), keys[1]), keys[2]))
	case found != nil:
		return nil, e.faultf(arg.line, path, "%s: Mappings.%s holds %s, expected a value or a list", name, strings.Join(keys[:], "."), found.kind)
	}
	if len(args) == 4 {
		if fallback := args[3].get("DefaultValue"); fallback != nil {
			return e.eval(fallback, path)
		}
		return nil, e.faultf(args[3].line, path, "%s: the fourth argument must be a mapping with DefaultValue", name)
	}
	missing := "mapping " + strconv.Quote(keys[0])
	if table != nil {
		missing = strconv.Quote(keys[1]) + " in the mapping " + strconv.Quote(keys[0])
	}
	if table.get(keys[1]) != nil {
		missing = strconv.Quote(keys[2]) + " in " + keys[0] + "." + keys[1]
	}
	return nil, e.faultf(arg.line, path, "%s: there is no %s under Mappings", name, missing)
}
