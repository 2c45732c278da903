package cfn

import "slices"

// sorted returns the resources so that each comes after those it needs, else in
// the template's order. A circle is an error, as with CloudFormation.
func (e *evaluator) sorted() ([]*resource, error) {
	const (
		open = iota + 1
		done
	)
	state := make(map[*resource]int, len(e.order))
	out := make([]*resource, 0, len(e.order))
	// frame is a resource whose needs are being visited; the walk keeps its
	// own stack, as a template may hold a chain of many thousands.
	type frame struct {
		r     *resource
		needs []*resource
	}
	for _, root := range e.order {
		if state[root] != 0 {
			continue
		}
		state[root] = open
		stack := []frame{{root, e.needsOf(root)}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.needs) == 0 {
				state[top.r] = done
				out = append(out, top.r)
				stack = stack[:len(stack)-1]
				continue
			}
			next := top.needs[0]
			top.needs = top.needs[1:]
			switch state[next] {
			case done:
			case open:
				at := slices.IndexFunc(stack, func(f frame) bool { return f.r == next })
				var names []string
				for _, f := range stack[at:] {
					names = append(names, f.r.id)
				}
				return nil, e.faultf(next.line, next.path(), "these resources depend on each other in a circle: %s", circle(names))
			default:
				state[next] = open
				stack = append(stack, frame{next, e.needsOf(next)})
			}
		}
	}
	return out, nil
}

// needsOf returns the resources that one refers to, in the order of the lines.
func (e *evaluator) needsOf(r *resource) []*resource {
	needs := make([]*resource, 0, len(r.refers))
	for id := range r.refers {
		needs = append(needs, e.resources[id])
	}
	slices.SortFunc(needs, func(a, b *resource) int {
		if d := r.refers[a.id] - r.refers[b.id]; d != 0 {
			return d
		}
		return a.line - b.line
	})
	return needs
}
