package cfn

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDepth is how deep a template may nest; real ones stay far below.
const maxDepth = 100

// readYAML reads a template written in YAML.
func readYAML(src []byte, j *journal) (*node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, j.faultf(0, "", "the file is empty: expected a CloudFormation template")
	} else if err != nil {
		return nil, yamlFault(j, src, err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		return nil, j.faultf(more.Line, "", "a second YAML document begins here: a template is one document, remove the \"---\"")
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlFault(j, src, err)
	}
	if len(doc.Content) != 1 {
		return nil, j.faultf(0, "", "the file is empty: expected a CloudFormation template")
	}
	r := yamlReader{journal: j, shared: map[*yaml.Node]*node{}}
	return r.read(doc.Content[0], 0)
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// yamlFault words an error of the YAML package with file and line.
func yamlFault(j *journal, src []byte, err error) error {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = err.Error()[len(m[0]):]
	}
	lines := bytes.Split(src, []byte("\n"))
	for _, at := range []int{line, line + 1} {
		if at > 0 && at <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[at-1], " "), []byte("\t")) {
			return j.faultf(at, "", "not valid YAML: the line is indented with a tab, use spaces")
		}
	}
	return j.faultf(line, "", "not valid YAML: %s", message)
}

// yamlReader turns YAML nodes into ours. What has an anchor is read once and
// shared, so that aliases cost nothing here; the evaluation has a budget.
type yamlReader struct {
	*journal
	shared map[*yaml.Node]*node
	told   bool // that aliases are used
}

func (r *yamlReader) read(y *yaml.Node, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, r.faultf(y.Line, "", "nests deeper than %d", maxDepth)
	}
	if y.Kind == yaml.AliasNode {
		r.tellAlias(y.Line)
		y = y.Alias
	}
	if y.Anchor == "" {
		return r.readNew(y, depth)
	}
	if n, ok := r.shared[y]; ok {
		if n == nil {
			return nil, r.faultf(y.Line, "", "the anchor &%s contains itself", y.Anchor)
		}
		return n, nil
	}
	r.shared[y] = nil
	n, err := r.readNew(y, depth)
	r.shared[y] = n
	return n, err
}

func (r *yamlReader) tellAlias(line int) {
	if !r.told {
		r.told = true
		r.warnf(line, "", "YAML aliases are expanded here; CloudFormation documents no support for them")
	}
}

// readNew reads a node that is no alias.
func (r *yamlReader) readNew(y *yaml.Node, depth int) (*node, error) {
	n, err := r.content(y, depth)
	if err != nil {
		return nil, err
	}
	tag := y.Tag
	if !strings.HasPrefix(tag, "!") || strings.HasPrefix(tag, "!!") || tag == "!" {
		return n, nil
	}
	// A short form: !Ref, !Condition, else !X for Fn::X.
	name := "Fn::" + tag[1:]
	if tag == "!Ref" || tag == "!Condition" {
		name = tag[1:]
	}
	return &node{kind: mapping, line: y.Line, fields: []field{{key: name, line: y.Line, value: n}}}, nil
}

func (r *yamlReader) content(y *yaml.Node, depth int) (*node, error) {
	n := &node{line: y.Line}
	switch y.Kind {
	case yaml.ScalarNode:
		return r.scalar(y, n)
	case yaml.SequenceNode:
		n.kind = list
		for _, item := range y.Content {
			child, err := r.read(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = mapping
		return n, r.fields(y, n, depth)
	default:
		return nil, r.faultf(y.Line, "", "unexpected YAML node")
	}
}

func (r *yamlReader) scalar(y *yaml.Node, n *node) (*node, error) {
	n.kind, n.text, n.plain = scalar, y.Value, y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch y.ShortTag() {
	case "!!null":
		n.kind, n.text = null, ""
	case "!!binary":
		return nil, r.faultf(y.Line, "", "the YAML tag !!binary is not supported: write the text, or Fn::Base64")
	case "!!str":
		if y.Tag == "!!str" && y.Style&yaml.TaggedStyle != 0 {
			n.plain = false
		}
	}
	return n, nil
}

// fields reads the entries of a mapping; those merged with << come last and only
// where the mapping has none of its own.
func (r *yamlReader) fields(y *yaml.Node, n *node, depth int) error {
	lines := make(map[string]int, len(y.Content)/2)
	var merged []field
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return r.faultf(k.Line, "", "the key of a mapping must be plain text")
		}
		value, err := r.read(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if k.ShortTag() == "!!merge" {
			if merged, err = r.merge(merged, value, k.Line); err != nil {
				return err
			}
			continue
		}
		if first, ok := lines[k.Value]; ok {
			return r.faultf(y.Content[i].Line, "", "the key %q is given twice, first on line %d: remove one", k.Value, first)
		}
		lines[k.Value] = y.Content[i].Line
		n.fields = append(n.fields, field{k.Value, y.Content[i].Line, value})
	}
	for _, f := range merged {
		if _, ok := lines[f.key]; !ok {
			lines[f.key] = f.line
			n.fields = append(n.fields, f)
		}
	}
	return nil
}

// merge adds what a << key brings: a mapping, or a list of them.
func (r *yamlReader) merge(to []field, from *node, line int) ([]field, error) {
	r.tellAlias(line)
	sources := []*node{from}
	if from.kind == list {
		sources = from.items
	}
	for _, s := range sources {
		if s.kind != mapping {
			return nil, r.faultf(line, "", "<< merges mappings, this is %s", s.kind)
		}
		to = append(to, s.fields...)
	}
	return to, nil
}
