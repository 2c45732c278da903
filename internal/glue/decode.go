package glue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a request's JSON may nest; Glue's own shapes stay far
// below.
const maxDepth = 200

// SerializationError says that a request's body is no JSON or that a value in
// it has the wrong type.
type SerializationError struct {
	Message string
}

func (e *SerializationError) Error() string { return e.Message }

func serializationErrorf(format string, args ...any) error {
	return &SerializationError{Message: fmt.Sprintf(format, args...)}
}

// Decode checks the body of a request as Validate does and reads it into the
// operation's request struct. Only members that the API has, in their exact
// spelling, are read: what was not checked does not get in.
func Decode(op string, body []byte, request any) error {
	checked, err := check(op, body)
	if err != nil {
		return err
	}
	text, err := json.Marshal(checked)
	if err != nil {
		return fmt.Errorf("%s: write the checked request: %w", op, err)
	}
	if err := json.Unmarshal(text, request); err != nil {
		return fmt.Errorf("%s: read the checked request: %w", op, err)
	}
	return nil
}

// parse reads one JSON object, numbers as json.Number. An empty body is an
// empty object.
func parse(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if err := scan(body); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, serializationErrorf("the request body is not JSON: it ends too early")
		}
		return nil, serializationErrorf("the request body is not JSON: %v (before byte %d)", err, dec.InputOffset()+1)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, serializationErrorf("the request body has more after its JSON object, at byte %d", dec.InputOffset())
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, serializationErrorf("the request body must be a JSON object, got %s", kindOf(value))
	}
	return object, nil
}

// scan refuses what the JSON package would silently change or spend much on:
// text that is not Unicode, and deep nesting.
func scan(body []byte) error {
	if !utf8.Valid(body) {
		return serializationErrorf("the request body is not valid UTF-8")
	}
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			size := escapeSize(body[i:])
			if size == 0 {
				return serializationErrorf("the request body holds half of a surrogate pair, at byte %d", i+1)
			}
			i += size - 1
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return serializationErrorf("the request body nests deeper than %d", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// escapeSize returns how long the escape at the start of text is, zero for a
// surrogate without its other half. Broken escapes are left to the parser.
func escapeSize(text []byte) int {
	r, ok := escapedUnit(text)
	if !ok {
		return 2
	}
	if !utf16.IsSurrogate(r) {
		return 6
	}
	low, ok := escapedUnit(text[6:])
	if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
		return 0
	}
	return 12
}

func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return rune(n), err == nil
}

// kindOf names the JSON type of a parsed value.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	}
	return "an object"
}
