package cfn

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// args returns the arguments of a function that takes a list of them.
func (e *evaluator) args(name string, arg *node, least, most int, path string) ([]*node, error) {
	if arg.kind != list || len(arg.items) < least || len(arg.items) > most {
		want := strconv.Itoa(least)
		if most != least {
			want += " to " + strconv.Itoa(most)
		}
		got := arg.kind.String()
		if arg.kind == list {
			got = "a list of " + strconv.Itoa(len(arg.items))
		}
		return nil, e.faultf(arg.line, path, "%s takes a list of %s arguments, got %s", name, want, got)
	}
	return arg.items, nil
}

// known evaluates an argument that must have a value.
func (e *evaluator) known(name string, arg *node, path string) (*node, error) {
	v, err := e.eval(arg, path)
	switch {
	case err != nil:
		return nil, err
	case v.kind == unknown:
		return nil, errUnknown
	case v.kind == absent || v.kind == null:
		return nil, e.faultf(arg.line, path, "%s has an argument without a value (%s)", name, v.kind)
	}
	return v, nil
}

// text evaluates an argument that must be text.
func (e *evaluator) text(name string, arg *node, path string) (string, error) {
	v, err := e.known(name, arg, path)
	if err != nil {
		return "", err
	}
	if v.kind != scalar {
		return "", e.faultf(arg.line, path, "%s needs text here, got %s", name, v.kind)
	}
	return v.text, nil
}

// listOf evaluates an argument that must be a list.
func (e *evaluator) listOf(name string, arg *node, path string) ([]*node, error) {
	v, err := e.known(name, arg, path)
	if err != nil {
		return nil, err
	}
	if v.kind != list {
		return nil, e.faultf(arg.line, path, "%s needs a list here, got %s", name, v.kind)
	}
	if v.partial {
		return nil, errUnknown
	}
	return v.items, nil
}

func (e *evaluator) fnJoin(arg *node, path string) (*node, error) {
	const name = "Fn::Join"
	args, err := e.args(name, arg, 2, 2, path)
	if err != nil {
		return nil, err
	}
	delimiter, err := e.text(name, args[0], path)
	if err != nil {
		return nil, err
	}
	items, err := e.listOf(name, args[1], path)
	if err != nil {
		return nil, err
	}
	parts := make([]string, 0, len(items))
	for _, item := range items {
		if item.kind != scalar {
			return nil, e.faultf(item.line, path, "%s joins texts, one of its items is %s", name, item.kind)
		}
		if err := e.charge(item, len(item.text)+len(delimiter), path); err != nil {
			return nil, err
		}
		parts = append(parts, item.text)
	}
	return textNode(arg.line, strings.Join(parts, delimiter)), nil
}

func (e *evaluator) fnSplit(arg *node, path string) (*node, error) {
	const name = "Fn::Split"
	args, err := e.args(name, arg, 2, 2, path)
	if err != nil {
		return nil, err
	}
	delimiter, err := e.text(name, args[0], path)
	if err != nil {
		return nil, err
	}
	if delimiter == "" {
		return nil, e.faultf(arg.line, path, "%s needs a delimiter that is not empty", name)
	}
	source, err := e.text(name, args[1], path)
	if err != nil {
		return nil, err
	}
	if err := e.charge(arg, len(source)+128*strings.Count(source, delimiter), path); err != nil {
		return nil, err
	}
	return textList(arg.line, strings.Split(source, delimiter)), nil
}

func textList(line int, texts []string) *node {
	out := &node{kind: list, line: line}
	for _, t := range texts {
		out.items = append(out.items, textNode(line, t))
	}
	return out
}

func (e *evaluator) fnSelect(arg *node, path string) (*node, error) {
	const name = "Fn::Select"
	args, err := e.args(name, arg, 2, 2, path)
	if err != nil {
		return nil, err
	}
	at, err := e.text(name, args[0], path)
	if err != nil {
		return nil, err
	}
	items, err := e.listOf(name, args[1], path)
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(strings.TrimSpace(at))
	if err != nil {
		return nil, e.faultf(arg.line, path, "%s needs a whole number as its first argument, got %q", name, at)
	}
	if i < 0 || i >= len(items) {
		return nil, e.faultf(arg.line, path, "%s asks for item %d of a list of %d (the first is 0)", name, i, len(items))
	}
	return items[i], nil
}

func (e *evaluator) fnIf(arg *node, path string) (*node, error) {
	args, err := e.args("Fn::If", arg, 3, 3, path)
	if err != nil {
		return nil, err
	}
	if args[0].kind != scalar {
		return nil, e.faultf(arg.line, path, "Fn::If needs the name of a condition first, got %s", args[0].kind)
	}
	yes, err := e.condition(args[0].text, args[0].line, path)
	if err != nil {
		return nil, err
	}
	if yes {
		return e.eval(args[1], path)
	}
	return e.eval(args[2], path)
}

func (e *evaluator) fnBase64(arg *node, path string) (*node, error) {
	text, err := e.text("Fn::Base64", arg, path)
	if err != nil {
		return nil, err
	}
	return textNode(arg.line, base64.StdEncoding.EncodeToString([]byte(text))), nil
}

// fnImportValue gives what Options.Imports holds. There are no other stacks
// here, so without a value the export's own name stands in.
func (e *evaluator) fnImportValue(arg *node, path string) (*node, error) {
	name, err := e.text("Fn::ImportValue", arg, path)
	if err != nil {
		return nil, err
	}
	if v, ok := e.opt.Imports[name]; ok {
		return textNode(arg.line, v), nil
	}
	e.warnf(arg.line, path, "Fn::ImportValue %q: there are no exports of other stacks here, the name itself is used as the value; a parameter in its place would let you give one", name)
	return textNode(arg.line, name), nil
}

func (e *evaluator) fnToJSONString(arg *node, path string) (*node, error) {
	v, err := e.known("Fn::ToJsonString", arg, path)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(v.value())
	if err != nil {
		return nil, e.faultf(arg.line, path, "Fn::ToJsonString: %w", err)
	}
	return textNode(arg.line, string(text)), nil
}

func (e *evaluator) fnLength(arg *node, path string) (*node, error) {
	items, err := e.listOf("Fn::Length", arg, path)
	if err != nil {
		return nil, err
	}
	return &node{kind: scalar, line: arg.line, text: strconv.Itoa(len(items)), plain: true}, nil
}
