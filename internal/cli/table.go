package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// cell is a piece of a line with its colour.
type cell struct {
	text   string
	colour colour
}

// row is a line of a table.
type row []cell

// table lines cells up. The last column takes what is left of the width; the
// texts of the others are short.
type table struct {
	rows   []row
	indent int
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// head adds a heading.
func (t *table) head(texts ...string) {
	cells := make(row, len(texts))
	for i, text := range texts {
		cells[i] = cell{text, dim}
	}
	t.rows = append(t.rows, cells)
}

const columnGap = 2

// lines are the table's lines for a screen, not longer than it is wide.
func (t *table) lines(s screen) []string {
	widths := t.widths()
	limit := s.width()
	out := make([]string, 0, len(t.rows))
	for _, r := range t.rows {
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", t.indent))
		at := t.indent
		for i, c := range r {
			text := c.text
			if limit > 0 {
				if at >= limit {
					break
				}
				text = cut(text, limit-at)
			}
			b.WriteString(s.paint(c.colour, text))
			if i == len(r)-1 {
				break
			}
			pad := widths[i] - utf8.RuneCountInString(text) + columnGap
			b.WriteString(strings.Repeat(" ", max(pad, 1)))
			at += widths[i] + columnGap
		}
		out = append(out, strings.TrimRight(b.String(), " "))
	}
	return out
}

// widths are those of all columns but the last of each row, which may be of any
// length.
func (t *table) widths() []int {
	var widths []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if i < len(r)-1 {
				widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
			}
		}
	}
	return widths
}

func (t *table) write(s screen) {
	for _, line := range t.lines(s) {
		fmt.Fprintln(s, line)
	}
}
