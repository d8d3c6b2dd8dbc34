package document

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Mapping are the keys and values of a mapping. Every key that Get was not asked
// for is unknown, and Done says so.
type Mapping struct {
	node   Node
	keys   []string
	values map[string]Node
	known  []string
}

// Mapping reads the value as a mapping, with the keys of merged ones (`<<`) where
// it does not have them itself. A key given twice is a problem.
func (n Node) Mapping() *Mapping {
	m := &Mapping{node: n}
	if n.IsZero() {
		return m
	}
	it, ok := n.resolve().(ast.MapNode)
	size := 0
	if ok {
		for r := it.MapRange(); r.Next(); {
			size++
		}
	}
	if !n.visit(size) {
		return m
	}
	if !ok {
		n.Errorf("want a mapping (keys and values), have %s", n.Kind())
		return m
	}
	m.values = make(map[string]Node, size)
	m.read(it, 0)
	return m
}

func (m *Mapping) read(it ast.MapNode, depth int) {
	own := make(map[string]bool, len(m.values))
	var merges []Node
	for r := it.MapRange(); r.Next(); {
		kv := r.KeyValue()
		value := Node{doc: m.node.doc, n: kv.Value, key: kv}
		if kv.Key.IsMergeKey() {
			merges = append(merges, value)
			continue
		}
		key := Node{doc: m.node.doc, n: kv.Key}
		name, _, ok := key.scalar()
		if !ok {
			key.Errorf("a key must be a text")
			continue
		}
		if own[name] {
			first, _ := m.values[name].keyNode().place()
			key.Errorf("key %q is given twice, first on line %d: remove one", name, first)
			continue
		}
		own[name] = true
		if _, have := m.values[name]; have {
			continue // a merged mapping never overrides
		}
		m.values[name] = value
		m.keys = append(m.keys, name)
	}
	for _, merge := range merges {
		for _, v := range merge.OneOrMore() {
			base, ok := v.resolve().(ast.MapNode)
			if !ok || depth > 8 {
				v.Errorf("<< wants a mapping, have %s", v.Kind())
				continue
			}
			if v.visit(16) {
				m.read(base, depth+1)
			}
		}
	}
}

// keyNode is the key a value stands under.
func (n Node) keyNode() Node {
	if n.key == nil {
		return n
	}
	return Node{doc: n.doc, n: n.key.Key}
}

// Node is the mapping's own value.
func (m *Mapping) Node() Node { return m.node }

// Get is the value under the first of the keys that is there, and makes them
// known; the zero Node if none is.
func (m *Mapping) Get(keys ...string) Node {
	if !slices.Contains(m.known, keys[0]) {
		m.known = append(m.known, keys[0])
	}
	var found Node
	for _, key := range keys {
		v, ok := m.values[key]
		if !ok {
			continue
		}
		if found.n != nil {
			v.keyNode().Errorf("%q and %q mean the same: remove one", keys[0], key)
		} else {
			found = v
		}
		if key != keys[0] && !slices.Contains(m.known, key) {
			m.known = append(m.known, key)
		}
	}
	return found
}

// Require is Get of a key that must be there.
func (m *Mapping) Require(keys ...string) Node {
	v := m.Get(keys...)
	if v.IsZero() && m.values != nil {
		at := m.node.keyNode()
		if v.n != nil {
			at = v
		}
		at.Errorf("%q is missing", keys[0])
	}
	return v
}

// Has says whether the key is there and not null.
func (m *Mapping) Has(key string) bool {
	v, ok := m.values[key]
	return ok && !v.IsZero()
}

// Rest are the keys, in order, that no Get has asked for; they become known.
func (m *Mapping) Rest() []string {
	var rest []string
	for _, k := range m.keys {
		if !slices.Contains(m.known, k) {
			rest = append(rest, k)
		}
	}
	m.known = append(m.known, rest...)
	return rest
}

// PassOver leaves out keys that begin with "x-": they are for who writes the file, and
// hold what its anchors name.
func (m *Mapping) PassOver() *Mapping {
	m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return strings.HasPrefix(k, "x-") })
	return m
}

// Done records every unknown key, with the key that was probably meant.
func (m *Mapping) Done() {
	for _, k := range m.keys {
		if slices.Contains(m.known, k) {
			continue
		}
		hint := "want one of " + strings.Join(m.known, ", ")
		if near := Nearest(k, m.known); near != "" {
			hint = "did you mean \"" + near + "\"?"
		}
		m.values[k].keyNode().Errorf("unknown key %q: %s", k, hint)
	}
}

// StringMap reads the value as texts by name. Null values are empty texts.
func (n Node) StringMap() map[string]string {
	m := n.Mapping()
	if len(m.keys) == 0 {
		return nil
	}
	out := make(map[string]string, len(m.keys))
	for _, k := range m.keys {
		out[k] = m.values[k].String()
	}
	return out
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Name       string
	Key, Value Node
}

// Entries are the mapping's keys and values, in order.
func (m *Mapping) Entries() []Entry {
	out := make([]Entry, 0, len(m.keys))
	for _, k := range m.keys {
		out = append(out, Entry{Name: k, Key: m.values[k].keyNode(), Value: m.values[k]})
	}
	return out
}

// Nearest is the name among those given that a mistyped one probably meant, or "".
func Nearest(name string, names []string) string {
	best, bestDist := "", 1+len(name)/3
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d <= bestDist && (best == "" || d < bestDist) {
			best, bestDist = n, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that lead from a to b.
func distance(a, b string) int {
	prev2, prev := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
