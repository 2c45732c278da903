package cfn

import (
	"regexp"
	"strings"
)

var subName = regexp.MustCompile(`^[A-Za-z0-9_.:]+$`)

// fnSub replaces ${Name}, ${Resource.Attribute} and the names of its own map;
// ${!Text} stands for ${Text} itself.
func (e *evaluator) fnSub(arg *node, path string) (*node, error) {
	const name = "Fn::Sub"
	text, own := arg, &node{kind: mapping}
	if arg.kind == list {
		args, err := e.args(name, arg, 2, 2, path)
		if err != nil {
			return nil, err
		}
		text, own = args[0], args[1]
	}
	if text.kind != scalar || own.kind != mapping {
		return nil, e.faultf(arg.line, path, "%s takes a text, or a list of a text and a mapping of names to values", name)
	}
	var out strings.Builder
	rest := text.text
	for {
		before, after, open := strings.Cut(rest, "${")
		inside, next, closed := strings.Cut(after, "}")
		if !open || !closed {
			out.WriteString(rest)
			break
		}
		out.WriteString(before)
		if literal, ok := strings.CutPrefix(inside, "!"); ok {
			out.WriteString("${" + literal + "}")
		} else if value, err := e.substitute(strings.TrimSpace(inside), own, text, path); err != nil {
			return nil, err
		} else {
			out.WriteString(value)
		}
		if err := e.charge(text, out.Len()/8, path); err != nil {
			return nil, err
		}
		rest = next
	}
	return textNode(arg.line, out.String()), nil
}

// substitute returns the text of one ${name}.
func (e *evaluator) substitute(name string, own, at *node, path string) (string, error) {
	if value := own.get(name); value != nil {
		return e.subText(name, value, at, path)
	}
	if !subName.MatchString(name) {
		return "", e.faultf(at.line, path, "Fn::Sub: ${%s} is not a name; write ${!%s} to keep the text", name, name)
	}
	if id, attribute, ok := strings.Cut(name, "."); ok {
		value, err := e.attribute(id, attribute, at, path)
		if err != nil {
			return "", err
		}
		return e.subText(name, value, at, path)
	}
	value, err := e.reference(name, at, path)
	if err != nil {
		return "", err
	}
	return e.subText(name, value, at, path)
}

// subText evaluates a value to text; a list, such as a CommaDelimitedList, is
// joined with commas.
func (e *evaluator) subText(name string, value, at *node, path string) (string, error) {
	v, err := e.known("Fn::Sub ${"+name+"}", value, path)
	if err != nil {
		return "", err
	}
	if v.kind != list {
		return e.text("Fn::Sub ${"+name+"}", v, path)
	}
	var texts []string
	for _, item := range v.items {
		if item.kind != scalar {
			return "", e.faultf(at.line, path, "Fn::Sub ${%s}: a list in a text may hold texts only", name)
		}
		texts = append(texts, item.text)
	}
	return strings.Join(texts, ","), nil
}
