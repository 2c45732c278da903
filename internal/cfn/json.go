package cfn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// readJSON reads a template written in JSON. YAML would read most of it too, but
// not all of JSON's escapes.
func readJSON(src []byte, j *journal) (*node, error) {
	r := jsonReader{journal: j, src: src, dec: json.NewDecoder(bytes.NewReader(src)), line: 1}
	r.dec.UseNumber()
	n, err := r.read(0)
	if err != nil {
		return nil, r.fault(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, j.faultf(r.here(), "", "not valid JSON: there is more after the template's closing brace")
	}
	return n, nil
}

// jsonReader reads one JSON document token by token, which keeps lines, order
// and duplicate keys.
type jsonReader struct {
	*journal
	src     []byte
	dec     *json.Decoder
	line    int
	counted int // bytes of src that line counts
}

// here returns the line of the token that was read last.
func (r *jsonReader) here() int {
	at := min(int(r.dec.InputOffset()), len(r.src))
	r.line += bytes.Count(r.src[r.counted:at], []byte("\n"))
	r.counted = at
	return r.line
}

func (r *jsonReader) fault(err error) error {
	var f *fault
	if errors.As(err, &f) {
		return err
	}
	line, message := r.here(), err.Error()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line = 1 + bytes.Count(r.src[:min(int(syntax.Offset), len(r.src))], []byte("\n"))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		message = "it ends too early"
	}
	return r.faultf(line, "", "not valid JSON: %s", message)
}

func (r *jsonReader) read(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, r.faultf(r.here(), "", "nests deeper than %d", maxDepth)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.here()}
	switch token := token.(type) {
	case nil:
	case json.Delim:
		if token == '[' {
			return n, r.list(n, depth)
		}
		return n, r.mapping(n, depth)
	case string:
		n.kind, n.text = scalar, token
	default: // bool, json.Number
		n.kind, n.text, n.plain = scalar, fmt.Sprint(token), true
	}
	return n, nil
}

func (r *jsonReader) list(n *node, depth int) error {
	n.kind = list
	for r.dec.More() {
		item, err := r.read(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	return err
}

func (r *jsonReader) mapping(n *node, depth int) error {
	n.kind = mapping
	lines := map[string]int{}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		line := r.here()
		if !ok {
			return r.faultf(line, "", "not valid JSON: a key must be a text")
		}
		if first, twice := lines[key]; twice {
			return r.faultf(line, "", "the key %q is given twice, first on line %d: remove one", key, first)
		}
		lines[key] = line
		value, err := r.read(depth + 1)
		if err != nil {
			return err
		}
		n.fields = append(n.fields, field{key, line, value})
	}
	_, err := r.dec.Token()
	return err
}
