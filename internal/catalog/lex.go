package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/reglue/reglue/internal/glue"
)

// kind is what a token is.
type kind int

const (
	endOfText kind = iota
	word           // a name or a keyword
	named          // a name in backticks
	quoted         // a text in single quotes
	either         // in double quotes: a text, or a name
	number
	sign // an operator, a parenthesis or a comma
)

type token struct {
	kind kind
	text string // without its quotes
	at   int    // the byte where it begins
}

// is reports whether the token is a keyword or sign, whatever its case.
func (t token) is(text string) bool {
	return (t.kind == word || t.kind == sign) && strings.EqualFold(t.text, text)
}

// lex cuts an expression into tokens; the last one is endOfText.
func lex(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, glue.Errorf(glue.InvalidInput, "Unsupported expression: it is not valid UTF-8")
	}
	var out []token
	for at := 0; ; {
		at += len(text[at:]) - len(strings.TrimLeftFunc(text[at:], unicode.IsSpace))
		if at == len(text) {
			return append(out, token{kind: endOfText, at: at}), nil
		}
		t, size := next(text[at:])
		if size == 0 {
			if strings.IndexByte("'\"`", text[at]) >= 0 {
				return nil, fault(text, at, "the quotes that open here are not closed")
			}
			r, _ := utf8.DecodeRuneInString(text[at:])
			return nil, fault(text, at, "%q can't be read", r)
		}
		t.at = at
		out = append(out, t)
		at += size
	}
}

// next reads the token at the start of a text, and says how long it is; 0 when it
// is none.
func next(text string) (token, int) {
	switch c := text[0]; {
	case c == '\'':
		return inQuotes(text, quoted)
	case c == '"':
		return inQuotes(text, either)
	case c == '`':
		return inQuotes(text, named)
	case strings.IndexByte("(),+-=", c) >= 0:
		return token{kind: sign, text: text[:1]}, 1
	case c == '<' || c == '>' || c == '!':
		return comparison(text)
	}
	if size := span(text, isDigit, '.'); size > 0 && strings.Trim(text[:size], ".") != "" {
		if span(text[size:], isNameRune, 0) == 0 {
			return token{kind: number, text: text[:size]}, size
		}
	}
	if size := span(text, isNameRune, '.'); size > 0 {
		return token{kind: word, text: text[:size]}, size
	}
	return token{}, 0
}

// comparison reads <, <=, <>, >, >= and !=. AWS's documentation writes < > too.
func comparison(text string) (token, int) {
	rest := strings.TrimLeftFunc(text[1:], unicode.IsSpace)
	switch size := len(text) - len(rest) + 1; {
	case text[0] == '<' && strings.HasPrefix(rest, ">"):
		return token{kind: sign, text: "<>"}, size
	case strings.HasPrefix(text[1:], "="):
		if text[0] == '!' {
			return token{kind: sign, text: "<>"}, 2
		}
		return token{kind: sign, text: text[:2]}, 2
	case text[0] == '!':
		return token{}, 0
	}
	return token{kind: sign, text: text[:1]}, 1
}

// inQuotes reads up to the closing quote; a doubled one stands for itself.
func inQuotes(text string, k kind) (token, int) {
	quote := text[:1]
	for at := 1; ; {
		i := strings.Index(text[at:], quote)
		if i < 0 {
			return token{}, 0
		}
		at += i + 1
		if !strings.HasPrefix(text[at:], quote) {
			return token{kind: k, text: strings.ReplaceAll(text[1:at-1], quote+quote, quote)}, at
		}
		at++
	}
}

// span is how many bytes at the start of a text meet a rule or are one sign.
func span(text string, rule func(rune) bool, or rune) int {
	n := strings.IndexFunc(text, func(r rune) bool { return !rule(r) && (or == 0 || r != or) })
	if n < 0 {
		return len(text)
	}
	return n
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isNameRune(r rune) bool {
	return r == '_' || r == '$' || r == '#' || r == '@' || unicode.IsLetter(r) || unicode.IsDigit(r)
}
