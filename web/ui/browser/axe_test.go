package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
)

// Accessible fails for each rule of WCAG 2.2 AA, as axe-core checks them, that the
// page breaks: names of controls, contrast, roles, order.
func (p *Page) Accessible() {
	p.t.Helper()
	axe, err := os.ReadFile(filepath.Join(root, "web/ui/node_modules/axe-core/axe.min.js"))
	if err != nil {
		p.t.Fatalf("axe-core: %v", err)
	}
	Eval[int](p, string(axe)+";0")
	type violation struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	for _, v := range Eval[[]violation](p, `axe.run(document, {resultTypes: ['violations'],
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => r.violations)`) {
		text := fmt.Sprintf("%s: %s", v.ID, v.Help)
		for i, n := range v.Nodes {
			if i == 3 {
				text += fmt.Sprintf("\n  and %d more", len(v.Nodes)-i)
				break
			}
			text += fmt.Sprintf("\n  %.200s\n    %s", n.HTML, n.FailureSummary)
		}
		p.t.Error(text)
	}
}
