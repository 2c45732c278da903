package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// anything is how the model writes "any character"; Go's \s and \S mean other
// sets than Java's, so it is taken as a whole.
const anything = `[\s\S]`

const (
	javaSpace = `\t\n\x0B\f\r ` // Java's \s; Go's lacks \x0B
	javaDot   = `[^\n\r\x{85}\x{2028}\x{2029}]`
)

// category is a general category of characters, such as \p{L}.
var category = regexp.MustCompile(`^\\p\{[CLMNPSZ]\}`)

// hexadecimal is a character by its number of two digits.
var hexadecimal = regexp.MustCompile(`^\\x[0-9A-Fa-f]{2}`)

// translate turns a pattern of the model, in Java's syntax, into Go's. It
// refuses what it does not know rather than guess.
func translate(pattern string) (string, error) {
	var out strings.Builder
	inClass := false
	for rest := pattern; rest != ""; {
		text, size := rest[:1], 1
		var err error
		switch {
		case !inClass && strings.HasPrefix(rest, anything):
			text, size = `(?s:.)`, len(anything)
		case rest[0] == '\\':
			text, size, err = escape(rest, inClass)
		case rest[0] == '.' && !inClass:
			text = javaDot
		case rest[0] == '[' && inClass, strings.HasPrefix(rest, "&&") && inClass:
			err = fmt.Errorf("a nested or intersected class")
		case rest[0] == '[':
			inClass = true
		case rest[0] == ']':
			inClass = false
		case strings.HasPrefix(rest, "(?"):
			err = fmt.Errorf("a special group")
		case rest[0] >= 0x80:
			err = fmt.Errorf("a literal outside of ASCII")
		}
		if err != nil {
			return "", fmt.Errorf("pattern %q: cannot translate %w at %q", pattern, err, rest)
		}
		out.WriteString(text)
		rest = rest[size:]
	}
	if _, err := regexp.Compile(out.String()); err != nil {
		return "", fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return out.String(), nil
}

// escape translates the escape at the start of rest and says how long it is.
func escape(rest string, inClass bool) (text string, size int, err error) {
	if len(rest) < 2 {
		return "", 0, fmt.Errorf("a lone backslash")
	}
	switch c := rest[1]; {
	case c == 'u':
		return unicodeEscape(rest)
	case c == 's' && inClass:
		return javaSpace, 2, nil
	case c == 's':
		return "[" + javaSpace + "]", 2, nil
	case hexadecimal.MatchString(rest): // the same in both
		return rest[:4], 4, nil
	case c == 'S' && !inClass:
		return "[^" + javaSpace + "]", 2, nil
	case strings.IndexByte("wdtnrf", c) >= 0: // the same in both
		return rest[:2], 2, nil
	case category.MatchString(rest): // a general category: the same in both
		return rest[:5], 5, nil
	case c == '-': // in a class it would be a range
		return rest[:2], 2, nil
	case c < 0x80 && !isAlphanumeric(c): // an escaped sign
		return regexp.QuoteMeta(rest[1:2]), 2, nil
	}
	return "", 0, fmt.Errorf("an unknown escape")
}

// unicodeEscape translates \uXXXX; a surrogate pair is one character.
func unicodeEscape(rest string) (text string, size int, err error) {
	r, err := codeUnit(rest)
	if err != nil {
		return "", 0, err
	}
	size = 6
	if utf16.IsSurrogate(r) {
		low, err := codeUnit(rest[size:])
		if err != nil {
			return "", 0, fmt.Errorf("a lone surrogate")
		}
		if r = utf16.DecodeRune(r, low); r == '\uFFFD' {
			return "", 0, fmt.Errorf("a broken surrogate pair")
		}
		size = 12
	}
	return fmt.Sprintf(`\x{%04X}`, r), size, nil
}

func codeUnit(rest string) (rune, error) {
	if len(rest) < 6 || rest[:2] != `\u` {
		return 0, fmt.Errorf("a broken unicode escape")
	}
	n, err := strconv.ParseUint(rest[2:6], 16, 32)
	return rune(n), err
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
