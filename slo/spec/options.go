package spec

import (
	"time"

	"github.com/slowburn/slowburn/slo"
)

// Options are what SLO files may leave unsaid.
type Options struct {
	// Tiers are those objectives may name; nil is slo.DefaultTiers.
	Tiers map[string]slo.Tier
	// DefaultTier is that of an objective that names none; empty is "standard".
	DefaultTier string
	// DefaultWindow is that of an objective that names none; zero is 30 d.
	DefaultWindow slo.Window
	// SlothPeriod is the period of every Sloth objective, which cannot name one; zero
	// is DefaultWindow.
	SlothPeriod slo.Window
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	if o.Tiers == nil {
		o.Tiers = slo.DefaultTiers()
	}
	if o.DefaultTier == "" {
		o.DefaultTier = "standard"
	}
	if o.DefaultWindow.Length == 0 {
		o.DefaultWindow = slo.Rolling(30 * 24 * time.Hour)
	}
	if o.SlothPeriod.Length == 0 {
		o.SlothPeriod = o.DefaultWindow
	}
	return o
}

// Set is what SLO files gave.
type Set struct {
	// Objectives are the good ones, files in order, each from top to bottom.
	Objectives []*slo.Objective
	// Findings are what lint has to say about them.
	Findings []slo.Finding
	// Files are those that were read, in order.
	Files []string
}
