// Package count turns samples of one series into events, by the counting rules
// of DESIGN.md: increments across resets, histograms, gauges, births, and the
// order samples should have had.
//
// It is arithmetic on values: it knows nothing of objectives' names, slots,
// sources or storage, has no lock and no clock.
//
// The path of one sample: Recent finds its neighbours in time (recent.go), Events
// gives what each term counts between two neighbours (events.go), Family says
// whether the first sample of a series was born under observation (family.go),
// and Cadence how often the series is scraped (cadence.go).
package count
