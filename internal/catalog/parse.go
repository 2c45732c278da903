package catalog

import (
	"fmt"

	"github.com/reglue/reglue/internal/glue"
)

// fault words what is wrong with an expression, at a byte of it.
func fault(text string, at int, format string, args ...any) error {
	return glue.Errorf(glue.InvalidInput, "Unsupported expression '%s': at character %d: %s",
		text, len([]rune(text[:at]))+1, fmt.Sprintf(format, args...))
}

// parser reads the tokens of one expression by recursive descent. What it
// returns has no NOT: it is taken into the conditions below it.
type parser struct {
	text   string
	tokens []token
	keys   []glue.Column
}

// Parse reads an expression over the partition keys of a table. Errors are
// InvalidInput. An empty expression gives nil, which wants everything.
func Parse(text string, keys []glue.Column) (*Filter, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, keys: keys}
	if p.peek().kind == endOfText {
		return nil, nil
	}
	n, err := p.or(false)
	if err == nil && p.peek().kind != endOfText {
		err = p.expected("AND, OR or the end")
	}
	if err != nil {
		return nil, err
	}
	return &Filter{root: n, keys: len(keys)}, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != endOfText {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes the next token if it is this keyword or sign.
func (p *parser) accept(text string) bool {
	if !p.peek().is(text) {
		return false
	}
	p.take()
	return true
}

func (p *parser) expect(text string) error {
	if p.accept(text) {
		return nil
	}
	return p.expected(text)
}

func (p *parser) expected(what string) error {
	t := p.peek()
	if t.kind == endOfText {
		return fault(p.text, t.at, "it ends where %s should follow", what)
	}
	return fault(p.text, t.at, "expected %s, got %q", what, t.text)
}

func (p *parser) or(not bool) (node, error)  { return p.joined("OR", !not, not, p.and) }
func (p *parser) and(not bool) (node, error) { return p.joined("AND", not, not, p.negated) }

// joined reads operands with a keyword between them; any says that one of them
// suffices.
func (p *parser) joined(keyword string, any, not bool, operand func(bool) (node, error)) (node, error) {
	first, err := operand(not)
	if err != nil || !p.peek().is(keyword) {
		return first, err
	}
	all := []node{first}
	for p.accept(keyword) {
		n, err := operand(not)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	if any {
		return anyOf(all), nil
	}
	return allOf(all), nil
}

func (p *parser) negated(not bool) (node, error) {
	for p.accept("NOT") {
		not = !not
	}
	if !p.peek().is("(") || p.inParentheses() {
		return p.condition(not)
	}
	p.take()
	n, err := p.or(not)
	if err != nil {
		return nil, err
	}
	return n, p.expect(")")
}

// inParentheses reports whether all parentheses that open here hold one operand,
// as in ((year)) = 2024.
func (p *parser) inParentheses() bool {
	n := 0
	for p.tokens[n].is("(") {
		n++
	}
	at := n
	for p.tokens[at].is("-") || p.tokens[at].is("+") {
		at++
	}
	for i := 1; i <= n; i++ {
		if at+i >= len(p.tokens) || !p.tokens[at+i].is(")") {
			return false
		}
	}
	return true
}

// condition reads one comparison.
func (p *parser) condition(not bool) (node, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind == sign && t.text != "(" {
		op, ok := comparisons[t.text]
		if !ok {
			return nil, p.expected("a comparison")
		}
		p.take()
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		if !left.isName() && (right.isName() || !p.isKey(left) && p.isKey(right)) {
			left, right, op = right, left, swapped[op]
		}
		return p.leaf(left, op, not != (t.text == "<>"), right)
	}
	if p.accept("IS") {
		if p.accept("NOT") {
			not = !not
		}
		if err := p.expect("NULL"); err != nil {
			return nil, err
		}
		return p.leaf(left, isNull, not)
	}
	if p.accept("NOT") {
		not = !not
	}
	switch {
	case p.accept("LIKE"):
		pattern, err := p.operand()
		if err != nil {
			return nil, err
		}
		return p.leaf(left, like, not, pattern)
	case p.accept("BETWEEN"):
		return p.between(left, not)
	case p.accept("IN"):
		values, err := p.list()
		if err != nil {
			return nil, err
		}
		return p.leaf(left, equal, not, values...)
	}
	return nil, p.expected("a comparison, IN, BETWEEN, LIKE or IS")
}

func (p *parser) between(left token, not bool) (node, error) {
	least, err := p.operand()
	if err != nil {
		return nil, err
	}
	if err := p.expect("AND"); err != nil {
		return nil, err
	}
	most, err := p.operand()
	if err != nil {
		return nil, err
	}
	from, err := p.leaf(left, greaterOrEqual, not, least)
	if err != nil {
		return nil, err
	}
	to, err := p.leaf(left, lessOrEqual, not, most)
	if err != nil {
		return nil, err
	}
	if not {
		return anyOf{from, to}, nil
	}
	return allOf{from, to}, nil
}

// list reads the values of IN.
func (p *parser) list() ([]token, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var all []token
	for {
		v, err := p.operand()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if !p.accept(",") {
			return all, p.expect(")")
		}
	}
}

// operand reads a name or a value, in parentheses or not.
func (p *parser) operand() (token, error) {
	depth := 0
	for p.accept("(") {
		depth++
	}
	t := p.take()
	if t.is("-") || t.is("+") {
		if p.peek().kind != number {
			return t, p.expected("a number")
		}
		n := p.take()
		n.at = t.at
		if t.text == "-" {
			n.text = "-" + n.text
		}
		t = n
	}
	if t.kind == sign || t.kind == endOfText {
		p.tokens = append([]token{t}, p.tokens...)
		return t, p.expected("a partition key or a value")
	}
	for range depth {
		if err := p.expect(")"); err != nil {
			return t, err
		}
	}
	return t, nil
}
