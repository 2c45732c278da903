package secret

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is a secret: its members by name, such as username and password.
type Value map[string]string

// Get is the first of the named members that there is, whatever their case.
func (v Value) Get(names ...string) string {
	for _, name := range names {
		for key, value := range v {
			if strings.EqualFold(key, name) {
				return value
			}
		}
	}
	return ""
}

// File holds secrets by the ids that AWS Secrets Manager would have them under:
//
//	orders-db: {username: etl, password: …}
//	arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm-AbCdEf: {username: crm, password: …}
//	mail: …                 # a text alone is the password
//
// It is YAML or JSON, which its owner alone may read, and is read anew each time.
// The zero File has no secrets.
type File struct{ path string }

// NewFile is the file at a path, which must be usable now.
func NewFile(path string) (File, error) {
	f := File{path}
	_, err := f.read()
	return f, err
}

// Lookup finds a secret by its name or ARN. An ARN finds the name in it, with or
// without the six characters that Secrets Manager adds, and the other way round.
func (f File) Lookup(id string) (v Value, found bool, err error) {
	all, err := f.read()
	if err != nil {
		return nil, false, err
	}
	for key, value := range all {
		if key == id {
			return value, true, nil
		}
	}
	for _, same := range []func(a, b string) bool{namedWhole, namedWithSuffix} {
		var keys []string
		for key := range all {
			if same(key, id) || same(id, key) {
				keys = append(keys, key)
			}
		}
		if len(keys) > 1 {
			slices.Sort(keys)
			return nil, false, fmt.Errorf("%s has more than one secret for %s: %s; name the one that is meant by its ARN", f.path, id, strings.Join(keys, ", "))
		}
		if len(keys) == 1 {
			return all[keys[0]], true, nil
		}
	}
	return nil, false, nil
}

// Path is where the file lies; empty for none.
func (f File) Path() string { return f.path }

var (
	arn    = regexp.MustCompile(`^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+)$`)
	suffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
)

// namedWhole reports whether an ARN is that of the secret of a name.
func namedWhole(id, name string) bool {
	m := arn.FindStringSubmatch(id)
	return m != nil && m[1] == name
}

// namedWithSuffix reports it of an ARN with the characters that Secrets Manager adds.
func namedWithSuffix(id, name string) bool {
	m := arn.FindStringSubmatch(id)
	return m != nil && suffix.ReplaceAllString(m[1], "") == name
}

func (f File) read() (map[string]Value, error) {
	if f.path == "" {
		return nil, nil
	}
	text, err := readPrivate(f.path)
	if err != nil {
		return nil, fmt.Errorf("the file of secrets: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s is no YAML%s", f.path, lineOf(err))
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, f.fault(root, "must be a mapping of names to secrets")
	}
	all := map[string]Value{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, node := root.Content[i], root.Content[i+1]
		if all[name.Value], err = f.value(node); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f File) value(node *yaml.Node) (Value, error) {
	switch node.Kind {
	case yaml.ScalarNode:
		// As Secrets Manager has it, a secret may be JSON as a text.
		members := map[string]any{}
		if json.Unmarshal([]byte(node.Value), &members) != nil {
			return Value{"password": node.Value}, nil
		}
		v := Value{}
		for name, member := range members {
			v[name] = fmt.Sprint(member)
		}
		return v, nil
	case yaml.MappingNode:
		v := Value{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i+1].Kind != yaml.ScalarNode {
				return nil, f.fault(node.Content[i+1], "a secret's members are texts")
			}
			v[node.Content[i].Value] = node.Content[i+1].Value
		}
		return v, nil
	case yaml.DocumentNode, yaml.SequenceNode, yaml.AliasNode:
	}
	return nil, f.fault(node, "a secret is a text, or a mapping such as {username: …, password: …}")
}

func (f File) fault(n *yaml.Node, text string) error {
	return fmt.Errorf("%s, line %d: %s", f.path, n.Line, text)
}

// lineNumber is all that may be told of an error of the YAML package: the rest may
// repeat what the file holds.
var lineNumber = regexp.MustCompile(`line \d+`)

func lineOf(err error) string {
	if at := lineNumber.FindString(err.Error()); at != "" {
		return ": see " + at
	}
	return ""
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): run `chmod 600 %s`", path, mode, path)
	}
	return os.ReadFile(path)
}
