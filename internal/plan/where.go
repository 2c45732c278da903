package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/reglue/reglue/internal/glue"
)

// Where is a condition on runs, such as "node=load and state=FAILED and
// started>-6h". See ParseWhere.
type Where struct {
	root expr
	text string
}

// RunFacts is what a condition looks at.
type RunFacts struct {
	Workflow, Run  string
	Status         string
	Started, Ended time.Time
	Properties     map[string]string
	// Nodes are the jobs and crawlers; nil when they are not known yet.
	Nodes []NodeFacts
}

// NodeFacts is the latest attempt of a job or crawler.
type NodeFacts struct{ Name, State, Error string }

// String is the condition as it was written.
func (w *Where) String() string { return w.text }

// Match is the answer to a condition.
type Match int

// The answers. Unknown is given only when the facts have no nodes.
const (
	No Match = iota
	Unknown
	Yes
)

// Match holds a run against the condition. What is said of nodes is about one node:
// the run matches if it has a node of which all of it holds. After "not" it means
// that no node is so, unless a node is named beside it: then it is about that one.
func (w *Where) Match(f *RunFacts) Match { return someNode(w.root, f) }

// Since is the time before which no run that matches began; zero when there is none.
func (w *Where) Since() time.Time {
	var since time.Time
	var look func(e expr)
	look = func(e expr) {
		switch e := e.(type) {
		case and:
			for _, part := range e {
				look(part)
			}
		case *term:
			if e.field == "started" && (e.op == ">" || e.op == ">=") && e.at.After(since) {
				since = e.at
			}
		}
	}
	look(w.root)
	return since
}

// expr is a part of a condition: and, or, not or *term.
type expr interface {
	// eval is the part's answer for a run and one of its nodes, nil for none.
	// Named is set where a node is named beside it.
	eval(f *RunFacts, n *NodeFacts, named bool) Match
	// names reports whether it names a node, outside of "not".
	names() bool
	// aboutNodes reports whether anything in it is about nodes.
	aboutNodes() bool
}

type (
	and []expr
	or  []expr
	not struct{ of expr }

	term struct {
		field, op, value string
		at               time.Time // of started and ended
	}
)

// someNode is the answer of the node that matches best.
func someNode(e expr, f *RunFacts) Match {
	if !e.aboutNodes() || f.Nodes == nil {
		return e.eval(f, nil, false)
	}
	best := No
	if len(f.Nodes) == 0 {
		return e.eval(f, nil, false)
	}
	for i := range f.Nodes {
		if best = max(best, e.eval(f, &f.Nodes[i], false)); best == Yes {
			break
		}
	}
	return best
}

func (e and) eval(f *RunFacts, n *NodeFacts, named bool) Match {
	named = named || e.names()
	worst := Yes
	for _, part := range e {
		worst = min(worst, part.eval(f, n, named))
	}
	return worst
}

func (e or) eval(f *RunFacts, n *NodeFacts, named bool) Match {
	best := No
	for _, part := range e {
		best = max(best, part.eval(f, n, named))
	}
	return best
}

func (e not) eval(f *RunFacts, n *NodeFacts, named bool) Match {
	if named && !e.of.names() {
		return Yes - e.of.eval(f, n, named)
	}
	return Yes - someNode(e.of, f)
}

func (e and) names() bool   { return slices.ContainsFunc(e, expr.names) }
func (e or) names() bool    { return slices.ContainsFunc(e, expr.names) }
func (e not) names() bool   { return false }
func (e *term) names() bool { return e.field == "node" }

func (e and) aboutNodes() bool   { return slices.ContainsFunc(e, expr.aboutNodes) }
func (e or) aboutNodes() bool    { return slices.ContainsFunc(e, expr.aboutNodes) }
func (e not) aboutNodes() bool   { return e.of.aboutNodes() }
func (e *term) aboutNodes() bool { return slices.Contains(nodeFields, e.field) }

var nodeFields = []string{"node", "state", "error"}

func (e *term) eval(f *RunFacts, n *NodeFacts, named bool) Match {
	if e.aboutNodes() {
		switch {
		case f.Nodes == nil:
			return Unknown
		case n == nil:
			return No
		}
		// state!=FAILED without a node means that no node is FAILED.
		if e.op == "!=" && e.field != "node" && !named {
			is := *e
			is.op = "="
			return Yes - someNode(&is, f)
		}
		return truth(e.holds(map[string]string{"node": n.Name, "state": n.State, "error": n.Error}[e.field]))
	}
	switch e.field {
	case "started":
		return truth(e.compares(f.Started))
	case "ended":
		return truth(e.compares(f.Ended))
	case "workflow":
		return truth(e.holds(f.Workflow))
	case "run":
		return truth(e.holds(f.Run))
	case "status":
		return truth(e.holds(f.Status))
	}
	return truth(e.holds(f.Properties[strings.TrimPrefix(e.field, propertyField)]))
}

func truth(b bool) Match {
	if b {
		return Yes
	}
	return No
}

func (e *term) holds(value string) bool {
	switch e.op {
	case "~":
		return strings.Contains(strings.ToLower(value), strings.ToLower(e.value))
	case "!=":
		return !e.equals(value)
	}
	return e.equals(value)
}

func (e *term) equals(value string) bool {
	switch {
	case e.field == "run" && !strings.ContainsAny(e.value, "*?["):
		return strings.HasPrefix(value, e.value) || strings.HasPrefix(value, "wr_"+e.value)
	case e.field == "state" || e.field == "status":
		return strings.EqualFold(value, e.value)
	case strings.ContainsAny(e.value, "*?["):
		return glob(e.value, value)
	}
	return value == e.value
}

// compares holds a time against the term's; a run that has not ended matches no
// time.
func (e *term) compares(t time.Time) bool {
	if t.IsZero() {
		return false
	}
	switch c := t.Compare(e.at); e.op {
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	default:
		return c <= 0
	}
}

const propertyField = "property."

// whereFields are the fields with what they are, for errors.
var whereFields = []string{"workflow", "run", "node", "state", "status", "started", "ended", "error", "property.NAME"}

var (
	nodeStates = []string{
		string(glue.JobRunStateFailed), string(glue.JobRunStateTimeout), string(glue.JobRunStateError), string(glue.JobRunStateStopped),
		string(glue.JobRunStateExpired), string(glue.JobRunStateSucceeded), string(glue.JobRunStateRunning), string(glue.JobRunStateStarting),
		string(glue.JobRunStateStopping), string(glue.JobRunStateWaiting),
	}
	runStatuses = []string{
		string(glue.WorkflowRunStatusCompleted), string(glue.WorkflowRunStatusStopped), string(glue.WorkflowRunStatusError),
		string(glue.WorkflowRunStatusRunning), string(glue.WorkflowRunStatusStopping),
	}
)

// WhereError is a fault in a condition.
type WhereError struct {
	Text    string
	At      int // byte
	Message string
}

// Error points at the place.
func (e *WhereError) Error() string {
	return fmt.Sprintf("%s\n  %s\n  %s^", e.Message, e.Text, strings.Repeat(" ", utf8.RuneCountInString(e.Text[:e.At])))
}

// maxWhereDepth bounds parentheses and nots within each other.
const maxWhereDepth = 100

// ParseWhere reads a condition: terms such as node=load, joined by and, or, not and
// parentheses. Times are absolute, or relative to now as -6h or -2d. The error is a
// *WhereError.
func ParseWhere(text string, now time.Time) (*Where, error) {
	p := whereParser{text: strings.Map(plainSpace, text), now: now}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(p.text) {
		if p.text[p.at] == ')' {
			return nil, p.fault(p.at, "this parenthesis closes nothing")
		}
		return nil, p.fault(p.at, "and, or, or the end was expected here")
	}
	return &Where{root: root, text: strings.TrimSpace(text)}, nil
}

// plainSpace keeps an error's text on one line.
func plainSpace(r rune) rune {
	if r == '\n' || r == '\t' || r == '\r' {
		return ' '
	}
	return r
}

type whereParser struct {
	text string
	at   int
	now  time.Time
}

func (p *whereParser) fault(at int, format string, args ...any) error {
	return &WhereError{Text: p.text, At: min(at, len(p.text)), Message: fmt.Sprintf(format, args...)}
}

func (p *whereParser) skip() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// word takes a keyword if it comes next.
func (p *whereParser) word(keyword string) bool {
	p.skip()
	end := p.at + len(keyword)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], keyword) {
		return false
	}
	if end < len(p.text) && p.text[end] != ' ' && p.text[end] != '(' {
		return false
	}
	p.at = end
	return true
}

func (p *whereParser) or(depth int) (expr, error) {
	all, err := p.joined("or", depth, p.and)
	switch {
	case err != nil:
		return nil, err
	case len(all) > 1:
		return or(all), nil
	}
	return all[0], nil
}

func (p *whereParser) and(depth int) (expr, error) {
	all, err := p.joined("and", depth, p.not)
	switch {
	case err != nil:
		return nil, err
	case len(all) > 1:
		return and(all), nil
	}
	return all[0], nil
}

// joined reads one or more parts with a word between them.
func (p *whereParser) joined(word string, depth int, part func(depth int) (expr, error)) ([]expr, error) {
	var all []expr
	for {
		next, err := part(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, next)
		if !p.word(word) {
			return all, nil
		}
	}
}

func (p *whereParser) not(depth int) (expr, error) {
	if depth > maxWhereDepth {
		return nil, p.fault(p.at, "too many parentheses within each other")
	}
	if p.word("not") {
		of, err := p.not(depth + 1)
		return not{of}, err
	}
	p.skip()
	if p.at == len(p.text) || p.text[p.at] != '(' {
		return p.term()
	}
	open := p.at
	p.at++
	inner, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at == len(p.text) || p.text[p.at] != ')' {
		if p.at == len(p.text) {
			return nil, p.fault(open, "this parenthesis is not closed")
		}
		return nil, p.fault(p.at, "and, or, or ) was expected here")
	}
	p.at++
	return inner, nil
}

// The longer operators come first.
var whereOps = []string{"!=", ">=", "<=", "=", "~", ">", "<"}

func (p *whereParser) term() (expr, error) {
	p.skip()
	start := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" ()!=~<>\"'", rune(p.text[p.at])) {
		p.at++
	}
	field := p.text[start:p.at]
	if field == "" {
		return nil, p.fault(start, "a term such as node=load was expected here")
	}
	if !strings.HasPrefix(field, propertyField) || field == propertyField {
		if !slices.Contains(whereFields, field) || strings.HasPrefix(field, propertyField) {
			return nil, p.fault(start, "there is no field %q; there are %s", field, strings.Join(whereFields, ", "))
		}
	}
	p.skip()
	op := ""
	for _, o := range whereOps {
		if strings.HasPrefix(p.text[p.at:], o) {
			op = o
			break
		}
	}
	if op == "" {
		return nil, p.fault(p.at, "after %s one of = != ~ > < >= <= was expected", field)
	}
	opAt := p.at
	p.at += len(op)
	valueAt, value, err := p.value(field + op)
	if err != nil {
		return nil, err
	}
	return p.checked(&term{field: field, op: op, value: value}, opAt, valueAt)
}

// value reads a word, or a text in quotes.
func (p *whereParser) value(after string) (at int, value string, err error) {
	p.skip()
	at = p.at
	if at < len(p.text) && (p.text[at] == '"' || p.text[at] == '\'') {
		end := strings.IndexByte(p.text[at+1:], p.text[at])
		if end < 0 {
			return at, "", p.fault(at, "this quote is not closed")
		}
		p.at = at + end + 2
		return at, p.text[at+1 : at+1+end], nil
	}
	for p.at < len(p.text) && p.text[p.at] != ' ' && p.text[p.at] != '(' && p.text[p.at] != ')' {
		p.at++
	}
	if p.at == at {
		return at, "", p.fault(at, "after %s a value was expected", after)
	}
	return at, p.text[at:p.at], nil
}

// checked holds a term against what its field takes.
func (p *whereParser) checked(t *term, opAt, valueAt int) (expr, error) {
	timed := t.field == "started" || t.field == "ended"
	switch {
	case timed && (t.op == "=" || t.op == "!=" || t.op == "~"):
		return nil, p.fault(opAt, "%s is a time: it takes > < >= <=", t.field)
	case !timed && strings.ContainsAny(t.op, "<>"):
		return nil, p.fault(opAt, "%s is a text: it takes = != ~", t.field)
	case timed:
		at, ok := p.time(t.value)
		if !ok {
			return nil, p.fault(valueAt, "%q is no time: write -6h, -2d, 2024-02-29 or 2024-02-29T04:00:00Z", t.value)
		}
		t.at = at
	case t.field == "state" && t.op != "~" && !known(nodeStates, t.value):
		return nil, p.fault(valueAt, "%q is no state of a node; there are %s", t.value, strings.Join(nodeStates, ", "))
	case t.field == "status" && t.op != "~" && !known(runStatuses, t.value):
		return nil, p.fault(valueAt, "%q is no status of a run; there are %s", t.value, strings.Join(runStatuses, ", "))
	}
	return t, nil
}

func known(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

func (p *whereParser) time(text string) (time.Time, bool) {
	if strings.HasPrefix(text, "-") {
		d, err := Span(text)
		return p.now.Add(d), err == nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, p.now.Location()); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
