package native

import (
	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

// absence reads an objective's absence and required.
func (r reader) absence(m *document.Mapping, o *slo.Objective) {
	if n := m.Get("absence"); !n.IsZero() {
		switch a := slo.Absence(n.String()); a {
		case slo.AbsencePage, slo.AbsenceTicket, slo.AbsenceIgnore:
			o.Absence = a
		default:
			n.Errorf("absence %q: want %s, %s or %s", n, slo.AbsencePage, slo.AbsenceTicket, slo.AbsenceIgnore)
		}
	}
	n := m.Get("required")
	if o.Required = n.Bool(); o.Required && o.Absence == slo.AbsenceIgnore {
		n.Errorf("required has no meaning where absence is ignored: keep one")
	}
}
