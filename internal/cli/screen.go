package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is where output goes: it knows whether that is a terminal, how wide it
// is, and whether colours are wanted.
type screen struct {
	io.Writer
	terminal bool
	colour   bool
	size     func() (width, height int)
}

const (
	plainWidth  = 80 // what a terminal that does not tell is taken for
	plainHeight = 24
)

func newScreen(w io.Writer, getenv func(string) string) screen {
	s := screen{Writer: w, size: func() (int, int) { return plainWidth, plainHeight }}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.terminal = true
	s.colour = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	s.size = func() (int, int) {
		width, height, err := term.GetSize(int(f.Fd()))
		if err != nil || width < 1 || height < 1 {
			return plainWidth, plainHeight
		}
		return width, height
	}
	return s
}

// width is how long a line may be; 0 means any length: piped lines are not cut.
func (s screen) width() int {
	if !s.terminal {
		return 0
	}
	w, _ := s.size()
	return w
}

// colour is an SGR code of the terminal.
type colour string

const (
	plain  colour = ""
	bold   colour = "1"
	dim    colour = "2"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	cyan   colour = "36"
)

// paint colours a text if colours are wanted.
func (s screen) paint(c colour, text string) string {
	if !s.colour || c == plain || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// cut shortens a text to a width; 0 means no limit. What is cut off
// shows as an ellipsis.
func cut(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	if width == 1 {
		return "…"
	}
	return strings.TrimRight(string([]rune(text)[:width-1]), " ") + "…"
}

// oneLine makes a text from elsewhere fit for one line of a terminal: no
// newlines, no control characters.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// writeJSON writes a value as indented JSON.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// writeLine writes a value as JSON on one line.
func writeLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// paragraph writes a text, wrapped on a terminal.
func (s screen) paragraph(text, indent string, c colour) {
	for _, line := range wrap(oneLine(text), s.width()-len(indent)) {
		fmt.Fprintln(s, indent+s.paint(c, line))
	}
}

// wrap breaks a text between words; a width of 0 or less means no limit.
func wrap(text string, width int) []string {
	if width <= 0 {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
