package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	fast "github.com/segmentio/encoding/json"
)

// Encode is the JSON of an answer as it is sent: without the escapes that HTML would
// need. Nil is {}.
func Encode(answer any) ([]byte, error) {
	switch answer := answer.(type) {
	case nil:
		return []byte("{}"), nil
	case json.RawMessage:
		// Its writer made it; reading it again costs more than all the rest.
		return answer, nil
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(answer); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// Decode reads an answer. Those about large graphs are megabytes, which the standard
// library takes many times as long to read. Strings lie in the text, which must not
// change any more.
func Decode(text []byte, answer any) error {
	rest, err := fast.Parse(text, answer, fast.ZeroCopy)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("more follows after the answer: %.20q", rest)
	}
	return err
}
