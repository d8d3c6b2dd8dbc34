package sloth

import (
	"time"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
	"github.com/slowburn/slowburn/slo/spec"
)

// Windows is a catalogue of alert windows by period, as Sloth's AlertWindows files
// give it. Periods it lacks have the default windows.
type Windows map[time.Duration][]slo.TierAlert

// of are the alert windows of a period.
func (w Windows) of(period slo.Window) []slo.TierAlert {
	if alerts, ok := w[period.Length]; ok {
		return alerts
	}
	return slo.DefaultAlerts()
}

// IsWindows says whether a document is an AlertWindows one.
func IsWindows(m *document.Mapping) bool {
	return m.Get("apiVersion").String() == string(slo.FormatSlothCRD) && m.Get("kind").String() == "AlertWindows"
}

// Read reads a document of kind AlertWindows into the catalogue.
func (w Windows) Read(doc *spec.Reader, m *document.Mapping) {
	r := reader{Reader: doc}
	m.Get("metadata")
	s := m.Require("spec").Mapping()
	m.Done()
	before := len(r.Doc.Problems())
	periodNode := s.Require("sloPeriod")
	period := r.Duration(periodNode)
	alerts := []slo.TierAlert{
		{Severity: slo.SeverityPage, Pairs: r.pairs(s.Require("page"))},
		{Severity: slo.SeverityTicket, Pairs: r.pairs(s.Require("ticket"))},
	}
	s.Done()
	if len(r.Doc.Problems()) > before || period == 0 {
		return
	}
	if _, dup := w[period]; dup {
		periodNode.Errorf("windows for a period of %s are given already: keep one file", periodNode)
	}
	w[period] = alerts
}

// pairs reads the quick and the slow pair of one severity.
func (r reader) pairs(n document.Node) []slo.TierPair {
	m := n.Mapping()
	var out []slo.TierPair
	for _, n := range []document.Node{m.Require("quick"), m.Require("slow")} {
		pm := n.Mapping()
		percentNode, shortNode, longNode := pm.Require("errorBudgetPercent"), pm.Require("shortWindow"), pm.Require("longWindow")
		pm.Done()
		p := slo.TierPair{Short: r.Duration(shortNode), Long: r.Duration(longNode)}
		p.Share, _ = r.Percent(percentNode)
		switch {
		case percentNode.IsZero() || shortNode.IsZero() || longNode.IsZero():
		case p.Share <= 0 || p.Share > 1:
			percentNode.Errorf("errorBudgetPercent %s: want a share of the budget above 0 and up to 100, such as 2", percentNode)
		case p.Short >= p.Long:
			shortNode.Errorf("shortWindow %s is not shorter than longWindow %s", shortNode, longNode)
		}
		out = append(out, p)
	}
	m.Done()
	return out
}
