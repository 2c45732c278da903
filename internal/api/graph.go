package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// graphKey names a graph that never changes: that of a run after one of its
// events, or that of a definition.
type graphKey struct {
	run, rev   int64
	definition int64
}

// designGraph is the graph of a workflow as its triggers are now.
func (a *API) designGraph(tx *store.Tx, w *store.WorkflowRecord) ([]byte, error) {
	if w.Definition == 0 {
		triggers, err := tx.WorkflowTriggers(w.Name)
		if err != nil {
			return nil, err
		}
		return encode(drawGraph(a.engine.DesignGraph(w.Name, triggers)))
	}
	key := graphKey{definition: w.Definition}
	if text, ok := a.graphs.get(key, size); ok {
		return text, nil
	}
	g, err := a.engine.Graph(tx, w.Definition)
	if err != nil {
		return nil, err
	}
	text, err := encode(drawGraph(g))
	if err == nil {
		a.graphs.put(key, text, len(text))
	}
	return text, err
}

// runGraph is the graph of a run with the job runs of its nodes. A run's Rev
// counts all that changes in it, so the text is good as long as that stays. What a
// superseded run started may live on in another one: its graph is not kept.
func (a *API) runGraph(tx *store.Tx, rec *store.Run) ([]byte, error) {
	key := graphKey{run: rec.Seq, rev: rec.Rev}
	if text, ok := a.graphs.get(key, size); ok {
		return text, nil
	}
	text, err := a.buildRunGraph(tx, rec)
	if err == nil && glue.SupersededBy(rec.Error) == "" {
		a.graphs.put(key, text, len(text))
	}
	return text, err
}

func (a *API) buildRunGraph(tx *store.Tx, rec *store.Run) ([]byte, error) {
	drawn, err := a.drawRun(tx, rec)
	if err != nil {
		return nil, err
	}
	return encode(drawn)
}

func (a *API) drawRun(tx *store.Tx, rec *store.Run) (*glue.WorkflowGraph, error) {
	g, err := a.engine.Graph(tx, rec.Definition)
	if err != nil {
		return nil, err
	}
	d := &drawing{runReader: a.newRunReader(tx), g: g, drawn: drawGraph(g)}
	if err := d.addJobRuns(rec.Seq, g, nil); err != nil {
		return nil, err
	}
	if glue.SupersededBy(rec.Error) != "" {
		if err := d.addMovedOn(rec); err != nil {
			return nil, err
		}
	}
	if rec.Previous != "" {
		if err := d.addCarried(rec); err != nil {
			return nil, err
		}
	}
	if rec.Resume != nil {
		d.markAccepted(rec.Resume.Accepted)
	}
	return d.drawn, nil
}

// drawing is a run's graph in the making.
type drawing struct {
	*runReader
	g     *flow.Graph
	drawn *glue.WorkflowGraph
}

// addJobRuns gives each node the job runs that a run started for it or took over,
// newest first. The graph is that of the run. If carried is given, only the nodes for
// which it is true, and only what belongs to the run to the end.
func (d *drawing) addJobRuns(seq int64, g *flow.Graph, carried func(node int) bool) error {
	rows, err := d.tx.JobRunsOf(seq)
	if err != nil {
		return err
	}
	for i := range slices.Backward(rows) {
		n := g.Actions[rows[i].Action].Node
		if g != d.g { // the run was moved to other triggers since
			var ok bool
			if n, ok = d.g.NodeByID(g.Nodes[n].ID); !ok {
				continue
			}
		}
		if carried != nil && (!carried(n) || rows[i].Owner() != seq) {
			continue
		}
		v, err := d.jobRun(&rows[i], g)
		if err != nil {
			return err
		}
		details := d.drawn.Nodes[n].JobDetails
		details.JobRuns = append(details.JobRuns, v)
	}
	return nil
}

// addCarried gives the nodes that a resumed run took over the job runs of the
// run in which they really ran (R28).
func (d *drawing) addCarried(rec *store.Run) error {
	if rec.States == nil && !rec.Completed.IsZero() {
		whole, err := d.tx.RunBySeq(rec.Seq) // lists leave the states out
		if err != nil {
			return err
		}
		rec = whole
	}
	run, _, err := d.a.engine.Load(d.tx, rec)
	if err == nil && len(run.Moved) > 0 {
		// What was moved may have started a carried node again, or be one.
		defer d.newestFirst(run)
		run, err = d.a.engine.Rebase(d.tx, d.g, rec)
	}
	if err != nil {
		return err
	}
	seqs, err := d.tx.RunSeqs(run.Sources[1:])
	if err != nil {
		return err
	}
	for i, id := range run.Sources[1:] {
		seq, kept := seqs[id]
		if !kept {
			continue
		}
		source, err := d.run(seq)
		if err != nil {
			return err
		}
		g, err := d.a.engine.Graph(d.tx, source.Definition)
		if err != nil {
			return err
		}
		err = d.addJobRuns(seq, g, func(n int) bool {
			return run.Nodes[n].Carried && int(run.Nodes[n].Source) == i+1
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addMovedOn gives the nodes of a superseded run what ran in it, as far as it had only
// taken that over itself.
func (d *drawing) addMovedOn(rec *store.Run) error {
	run, _, err := d.a.engine.Load(d.tx, rec)
	if err != nil {
		return err
	}
	for a := range run.Actions {
		st := &run.Actions[a]
		m, taken := run.Moved[a]
		if !taken || !st.State.Live() || m.Run == rec.ID {
			continue
		}
		row, err := d.tx.JobRun(run.JobRunID(d.g, 0, flow.Attempt{Action: a, Start: int(st.Starts) - 1}, st.Retry))
		if err != nil {
			return err
		}
		if row == nil || row.Run == rec.Seq {
			continue
		}
		v, err := d.jobRun(row, d.g)
		if err != nil {
			return err
		}
		details := d.drawn.Nodes[d.g.Actions[a].Node].JobDetails
		details.JobRuns = append(details.JobRuns, v)
	}
	return nil
}

// newestFirst puts the job runs of nodes in order, some of which a run took over.
func (d *drawing) newestFirst(run *flow.Run) {
	for a := range run.Moved {
		if details := d.drawn.Nodes[d.g.Actions[a].Node].JobDetails; details != nil {
			slices.SortStableFunc(details.JobRuns, func(a, b glue.JobRun) int { return cmp.Compare(b.StartedOn, a.StartedOn) })
		}
	}
}

// markAccepted shows accepted nodes as the run has them: the attempt that failed
// stands as SUCCEEDED, and its message says who accepted it and why. GetJobRun
// shows it as it ended.
func (d *drawing) markAccepted(accepted []store.Acceptance) {
	for i := range accepted {
		acc := &accepted[i]
		details := d.drawn.Nodes[acc.Node].JobDetails
		if details == nil || len(details.JobRuns) == 0 {
			continue
		}
		j := &details.JobRuns[0]
		text := fmt.Sprintf("%s%s at %s: %s (it ended %s", glue.AcceptedMessage, cmp.Or(acc.By, "an unnamed caller"),
			acc.At.Time().UTC().Format(time.RFC3339), acc.Because, j.JobRunState)
		if j.ErrorMessage != "" {
			text += ": " + j.ErrorMessage
		}
		j.JobRunState, j.ErrorMessage = glue.JobRunStateSucceeded, text+")"
	}
}

// drawGraph is a graph without job runs.
func drawGraph(g *flow.Graph) *glue.WorkflowGraph {
	out := &glue.WorkflowGraph{Nodes: make([]glue.Node, len(g.Nodes)), Edges: []glue.Edge{}}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		v := glue.Node{Type: n.Type, Name: n.Name, UniqueId: n.ID}
		switch n.Type {
		case glue.NodeTypeTrigger:
			v.TriggerDetails = &glue.TriggerNodeDetails{Trigger: g.Triggers[n.Trigger].Def}
		case glue.NodeTypeJob:
			v.JobDetails = &glue.JobNodeDetails{}
		case glue.NodeTypeCrawler:
			v.CrawlerDetails = &glue.CrawlerNodeDetails{}
		}
		out.Nodes[i] = v
	}
	for t := range g.Triggers {
		out.Edges = appendEdges(out.Edges, g, t)
	}
	return out
}

// appendEdges adds an edge for each condition of a trigger and one to each node
// that it starts.
func appendEdges(edges []glue.Edge, g *flow.Graph, t int) []glue.Edge {
	tr := &g.Triggers[t]
	id := g.Nodes[tr.Node].ID
	for _, c := range tr.Conditions {
		edges = append(edges, glue.Edge{SourceId: g.Nodes[c.Node].ID, DestinationId: id})
	}
	first, end := g.TriggerActions(t)
	seen := make(map[int]bool, end-first)
	for i := first; i < end; i++ {
		if n := g.Actions[i].Node; !seen[n] {
			seen[n] = true
			edges = append(edges, glue.Edge{SourceId: id, DestinationId: g.Nodes[n].ID})
		}
	}
	return edges
}

// encode writes JSON as it is sent: without the escapes that HTML would need.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}
