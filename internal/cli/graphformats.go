package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/reglue/reglue/internal/flow"
	"github.com/reglue/reglue/internal/glue"
)

// names gives each node a short name for the text of a drawing.
func (d *drawing) names() (map[string]string, []glue.Node, []glue.Edge) {
	if d.graph == nil {
		return nil, nil, nil
	}
	ids := make(map[string]string, len(d.graph.Nodes))
	for i := range d.graph.Nodes {
		ids[d.graph.Nodes[i].UniqueId] = fmt.Sprintf("n%d", i)
	}
	return ids, d.graph.Nodes, d.graph.Edges
}

// fill is the colour of a node by its state, and the word for it.
func (d *drawing) fill(n *glue.Node) (fill, word string) {
	if d.run == nil || n.Type == glue.NodeTypeTrigger {
		return "", ""
	}
	v := viewNode(d.run, n)
	switch {
	case v.state == flow.Blank:
		return "#eeeeee", "not started"
	case v.state == flow.Succeeded && v.carried:
		return "#e3f1e3", "carried over"
	case v.state == flow.Succeeded:
		return "#b7e1b7", "succeeded"
	case v.state.Live():
		return "#bcdcf5", strings.ToLower(v.state.String())
	case v.state == flow.Stopped:
		return "#f5e3b3", "stopped"
	}
	return "#f5b7b1", strings.ToLower(v.state.String())
}

func drawDOT(w io.Writer, d *drawing) error {
	var b strings.Builder
	text := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
	}
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];\n", text(d.name))
	ids, nodes, edges := d.names()
	for i := range nodes {
		n := &nodes[i]
		label, attributes := n.Name, ""
		switch n.Type {
		case glue.NodeTypeTrigger:
			attributes = ", shape=diamond, style=filled"
		case glue.NodeTypeCrawler:
			attributes = ", shape=folder, style=filled"
		case glue.NodeTypeJob:
		}
		if fill, word := d.fill(n); fill != "" {
			label += "\n" + word
			attributes += ", fillcolor=" + text(fill)
		}
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", ids[n.UniqueId], text(label), attributes)
	}
	for _, e := range edges {
		fmt.Fprintf(&b, "  %s -> %s;\n", ids[e.SourceId], ids[e.DestinationId])
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func drawMermaid(w io.Writer, d *drawing) error {
	var b strings.Builder
	text := func(s string) string {
		return `"` + strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", "<br/>").Replace(s) + `"`
	}
	b.WriteString("flowchart LR\n")
	ids, nodes, edges := d.names()
	for i := range nodes {
		n := &nodes[i]
		label := n.Name
		fill, word := d.fill(n)
		if word != "" {
			label += "\n" + word
		}
		open, closing := "[", "]"
		switch n.Type {
		case glue.NodeTypeTrigger:
			open, closing = "{{", "}}"
		case glue.NodeTypeCrawler:
			open, closing = "[(", ")]"
		case glue.NodeTypeJob:
		}
		fmt.Fprintf(&b, "  %s%s%s%s\n", ids[n.UniqueId], open, text(label), closing)
		if fill != "" {
			fmt.Fprintf(&b, "  style %s fill:%s,color:#000\n", ids[n.UniqueId], fill)
		}
	}
	for _, e := range edges {
		fmt.Fprintf(&b, "  %s --> %s\n", ids[e.SourceId], ids[e.DestinationId])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
