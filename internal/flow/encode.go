package flow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/reglue/reglue/internal/glue"
)

// encoding is the version of the compact form of a run's states.
const encoding = 3

// Encode gives the states of a run as one compact value, for a finished run.
func Encode(r *Run) []byte {
	b := []byte{encoding}
	b = binary.AppendUvarint(b, uint64(len(r.Sources)))
	for _, s := range r.Sources {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, list := range [][]int{r.Roots, r.Accepted, r.Held} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, n := range list {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.Moved)))
	for _, a := range slices.Sorted(maps.Keys(r.Moved)) {
		m := r.Moved[a]
		b = binary.AppendUvarint(b, uint64(a))
		b = binary.AppendUvarint(b, uint64(m.Start))
		b = binary.AppendUvarint(b, uint64(len(m.Run)))
		b = append(b, m.Run...)
	}
	for _, a := range r.Actions {
		b = append(b, byte(a.State))
		if a.State == Blank {
			continue
		}
		b = append(b, a.Retry)
		b = binary.AppendUvarint(b, uint64(a.Starts))
		b = binary.AppendUvarint(b, uint64(a.Began))
		b = binary.AppendUvarint(b, uint64(a.Latest))
	}
	for _, n := range r.Nodes {
		b = append(b, byte(n.Last))
		if n.Last == Blank {
			continue
		}
		b = append(b, n.Retry, bit(n.Carried)|bit(n.Accepted)<<1|bit(n.ID != "")<<2)
		b = binary.AppendUvarint(b, uint64(n.Source))
		b = binary.AppendUvarint(b, uint64(n.Action))
		b = binary.AppendUvarint(b, uint64(n.Start))
		if n.ID != "" {
			b = binary.AppendUvarint(b, uint64(len(n.ID)))
			b = append(b, n.ID...)
		}
	}
	for _, t := range r.Triggers {
		b = append(b, bit(t.Fired))
	}
	return b
}

// Decode reads what Encode wrote for a run of the graph.
func Decode(g *Graph, id string, status glue.WorkflowRunStatus, clock int64, b []byte) (*Run, error) {
	r := NewRun(g, id)
	r.Status, r.Clock = status, clock
	d := decoder{b: b}
	version := d.byte()
	if version == 0 || version > encoding {
		return nil, fmt.Errorf("run %s: states are in encoding %d, this version reads up to %d", id, version, encoding)
	}
	r.Sources = make([]string, d.below(len(b)))
	d.check(len(r.Sources) > 0)
	for i := range r.Sources {
		r.Sources[i] = d.string()
	}
	for _, list := range []*[]int{&r.Roots, &r.Accepted, &r.Held} {
		for range d.below(len(g.Nodes) + 1) {
			*list = append(*list, d.below(len(g.Nodes)))
		}
		if version == 1 {
			break // it had no more than roots
		}
	}
	d.check(slices.IsSorted(r.Held))
	if version >= 3 {
		d.moved(r)
	}
	for i := range r.Actions {
		if s := d.state(); s != Blank {
			r.Actions[i] = ActionState{State: s, Retry: d.byte(), Starts: d.count(), Began: d.count(), Latest: d.count()}
		}
	}
	for i := range r.Nodes {
		if s := d.state(); s != Blank {
			retry, flags := d.byte(), d.byte()
			r.Nodes[i] = NodeState{
				Last: s, Retry: retry, Carried: flags&1 == 1, Accepted: flags&2 == 2,
				Source: int32(d.below(len(r.Sources))), Action: int32(d.below(len(g.Actions))), Start: d.count(),
			}
			if flags&4 == 4 {
				r.Nodes[i].ID = d.string()
			}
			d.check(s.Terminal())
		}
	}
	for i := range r.Triggers {
		r.Triggers[i].Fired = d.byte() == 1
	}
	if d.check(len(d.b) == 0); d.bad {
		return nil, fmt.Errorf("run %s: %w", id, errStates)
	}
	r.recount(g)
	return r, nil
}

var errStates = errors.New("stored states don't fit the graph")

// moved reads what a run took over while it ran.
func (d *decoder) moved(r *Run) {
	for n := d.below(len(r.Actions) + 1); n > 0; n-- {
		if r.Moved == nil {
			r.Moved = map[int]Moved{}
		}
		a := d.below(len(r.Actions))
		r.Moved[a] = Moved{Start: int(d.count()), Run: d.string()}
	}
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) check(ok bool) { d.bad = d.bad || !ok }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) state() State {
	v := d.byte()
	d.check(State(v) < states)
	return State(v)
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// below reads an index, or a length, that must be less than n; 0 if it is not.
func (d *decoder) below(n int) int {
	v := d.uint()
	if v >= uint64(n) {
		d.bad = true
		return 0
	}
	return int(v)
}

func (d *decoder) count() int32 { return int32(d.below(math.MaxInt32)) }

func (d *decoder) string() string {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	v := string(d.b[:n])
	d.b = d.b[n:]
	return v
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}
