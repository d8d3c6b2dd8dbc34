// Package pyrra reads Pyrra's ServiceLevelObjective resources as they are,
// pyrra.dev/v1alpha1.
//
// It knows what Pyrra's keys mean and which alerts it would make of them; it makes no
// recording rules. The path of one document: Read takes metadata and spec (pyrra.go),
// the indicator becomes an SLI (indicator.go), and the alerts are Pyrra's four burn
// rates, scaled by the window, and the one for absent data (alerts.go).
package pyrra
