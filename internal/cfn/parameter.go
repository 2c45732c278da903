package cfn

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// declare reads the Parameters section and gives each its value.
func (e *evaluator) declare(section *node) error {
	e.parameters = map[string]*node{}
	if section == nil || section.kind == null {
		section = &node{kind: mapping}
	}
	if section.kind != mapping {
		return e.faultf(section.line, "Parameters", "must be a mapping of names, got %s", section.kind)
	}
	var missing []string
	first := 0
	for _, f := range section.fields {
		p, err := e.parameter(f)
		if err != nil {
			return err
		}
		if p == nil {
			if len(missing) == 0 {
				first = f.line
			}
			missing = append(missing, f.key)
			continue
		}
		e.parameters[f.key] = p
	}
	for _, name := range slices.Sorted(maps.Keys(e.opt.Parameters)) {
		if !section.has(name) {
			return e.faultf(section.line, "Parameters", "the template has no parameter %q; it has: %s", name, keysOf(section))
		}
	}
	if len(missing) > 0 {
		var give []string
		for _, name := range missing {
			give = append(give, "--parameter "+name+"=VALUE")
		}
		return e.faultf(first, "Parameters", "no value for %s: give it with %s", strings.Join(missing, ", "), strings.Join(give, " "))
	}
	return nil
}

func keysOf(n *node) string {
	var keys []string
	for _, f := range n.fields {
		keys = append(keys, f.key)
	}
	if len(keys) == 0 {
		return "none"
	}
	return strings.Join(keys, ", ")
}

// parameter returns the value of one parameter, nil when there is none.
func (e *evaluator) parameter(f field) (*node, error) {
	path := "Parameters." + f.key
	if f.value.kind != mapping {
		return nil, e.faultf(f.line, path, "must be a mapping with a Type, got %s", f.value.kind)
	}
	if slices.Contains([]string{"Ref", "Condition"}, f.key) || strings.Contains(f.key, "::") {
		return nil, e.faultf(f.line, path, "this name is reserved")
	}
	d := declaration{journal: e.journal, node: f.value, path: path}
	if err := d.check(); err != nil {
		return nil, err
	}
	value, given := e.opt.Parameters[f.key]
	fallback := f.value.get("Default")
	switch {
	case given:
		d.line = 0
	case fallback == nil || fallback.kind == null:
		return nil, nil
	case fallback.kind != scalar:
		return nil, e.faultf(fallback.line, path+".Default", "must be a text or a number, got %s", fallback.kind)
	default:
		value, d.line = fallback.text, fallback.line
		if strings.HasPrefix(d.typ, "AWS::SSM::Parameter::Value<") {
			e.warnf(d.line, path, "the parameter store is not asked: its key %q is used as the value; give one with --parameter %s=VALUE", value, f.key)
		}
	}
	return d.value(value)
}

// declaration is one parameter as the template declares it.
type declaration struct {
	*journal
	node *node
	path string
	line int // where the value stands; 0 when it was given from outside
	typ  string
}

var parameterAttributes = []string{
	"Type", "Default", "Description", "NoEcho", "AllowedValues", "AllowedPattern",
	"ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue",
}

func (d *declaration) check() error {
	typ := d.node.get("Type")
	if typ == nil || typ.kind != scalar {
		return d.faultf(d.node.line, d.path, "has no Type: give it one, such as String")
	}
	d.typ = typ.text
	for _, f := range d.node.fields {
		if !slices.Contains(parameterAttributes, f.key) {
			d.warnf(f.line, join(d.path, f.key), "unknown attribute of a parameter, ignored")
		}
	}
	known := d.typ == "String" || d.typ == "Number" || d.typ == "CommaDelimitedList" || d.typ == "List<Number>" ||
		strings.HasPrefix(d.typ, "AWS::") || strings.HasPrefix(d.typ, "List<AWS::")
	if !known {
		return d.faultf(typ.line, d.path, "unknown Type %q: use String, Number, CommaDelimitedList or List<Number>", d.typ)
	}
	return nil
}

// list reports whether the parameter's value is a list.
func (d *declaration) list() bool {
	return strings.Contains(d.typ, "List<") || strings.Contains(d.typ, "CommaDelimitedList")
}

// value checks a value and returns it as a node.
func (d *declaration) value(text string) (*node, error) {
	if !d.list() {
		return textNode(d.line, text), d.allowed(text)
	}
	var items []string
	if strings.TrimSpace(text) != "" {
		items = strings.Split(text, ",")
	}
	for i, item := range items {
		items[i] = strings.TrimSpace(item)
		if err := d.allowed(items[i]); err != nil {
			return nil, err
		}
	}
	return textList(d.line, items), nil
}

// allowed checks one text against the declaration's constraints.
func (d *declaration) allowed(text string) error {
	if strings.Contains(d.typ, "Number") {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return d.refuse(text, "must be a number")
		}
	}
	if values := d.node.get("AllowedValues"); values != nil {
		var allowed []string
		for _, v := range values.items {
			allowed = append(allowed, v.text)
		}
		if !slices.Contains(allowed, text) {
			return d.refuse(text, "must be one of "+strings.Join(allowed, ", "))
		}
	}
	if pattern := d.node.get("AllowedPattern"); pattern != nil {
		re, err := regexp.Compile(`^(?:` + pattern.text + `)$`)
		if err != nil {
			d.warnf(pattern.line, d.path, "AllowedPattern is not checked: %v", err)
		} else if !re.MatchString(text) {
			return d.refuse(text, "must match the pattern "+pattern.text)
		}
	}
	return d.bounds(text)
}

// bounds checks MinLength, MaxLength, MinValue and MaxValue.
func (d *declaration) bounds(text string) error {
	number, err := strconv.ParseFloat(text, 64)
	isNumber := err == nil && strings.Contains(d.typ, "Number")
	for _, b := range []struct {
		attribute, words string
		measured         float64
		applies, upper   bool
	}{
		{"MinLength", "must have at least %s characters", float64(len([]rune(text))), !isNumber, false},
		{"MaxLength", "must have at most %s characters", float64(len([]rune(text))), !isNumber, true},
		{"MinValue", "must be at least %s", number, isNumber, false},
		{"MaxValue", "must be at most %s", number, isNumber, true},
	} {
		limit := d.node.get(b.attribute)
		if limit == nil || !b.applies {
			continue
		}
		at, err := strconv.ParseFloat(limit.text, 64)
		if err != nil {
			return d.faultf(limit.line, join(d.path, b.attribute), "must be a number, got %q", limit.text)
		}
		if b.measured < at && !b.upper || b.measured > at && b.upper {
			return d.refuse(text, strings.Replace(b.words, "%s", limit.text, 1))
		}
	}
	return nil
}

// refuse words a value that is not allowed, without it where NoEcho is set.
func (d *declaration) refuse(text, why string) error {
	line := d.line
	if line == 0 {
		line = d.node.line
	}
	shown := strconv.Quote(text) + " "
	if hidden := d.node.get("NoEcho"); hidden != nil && strings.EqualFold(hidden.text, "true") {
		shown = "the value "
	}
	message := shown + why
	if hint := d.node.get("ConstraintDescription"); hint != nil && hint.kind == scalar {
		message += " (" + hint.text + ")"
	}
	return d.faultf(line, d.path, "%s", message)
}
