package document

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Items are the documents that this one is a list of: objects one after another, as
// OpenSLO's tools write them, or a Kubernetes List, as kubectl exports it. Any other
// document is its own only item, and so is a list of nothing.
func (d *Document) Items() []*Document {
	var nodes []Node
	switch root := d.Root(); root.resolve().(type) {
	case *ast.SequenceNode:
		nodes = root.List()
	case ast.MapNode:
		m := root.Mapping()
		if kind, _, _ := m.Get("kind").scalar(); strings.HasSuffix(kind, "List") {
			nodes = m.Get("items").List()
		}
	}
	if len(nodes) == 0 || len(d.problems) > 0 {
		return []*Document{d}
	}
	items := make([]*Document, 0, len(nodes))
	for _, n := range nodes {
		// They share what may be read, so that a list of aliases is no way around the limit.
		items = append(items, &Document{src: d.src, line: d.line, body: n.n, anchors: d.anchors, visits: d.visits/len(nodes) + 100})
	}
	return items
}
