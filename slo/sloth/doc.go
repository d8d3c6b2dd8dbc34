// Package sloth reads Sloth's SLO files as they are: prometheus/v1.
//
// It knows what Sloth's keys mean, which rules it would write, and how its plugins
// count; it runs neither. The path of one document: Read takes the header and each
// objective (sloth.go), its SLI or the plugin that stands for one (plugin.go), and
// the alert rules that Sloth would make of it (alerts.go).
package sloth
