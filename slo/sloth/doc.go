// Package sloth reads Sloth's SLO files as they are: prometheus/v1, the Kubernetes
// resource PrometheusServiceLevel, and catalogues of alert windows (AlertWindows).
//
// It knows what Sloth's keys mean, which rules it would write, and how its plugins
// count; it runs neither. The path of one document: Read or ReadResource takes the
// header and each objective (sloth.go), its SLI or the plugin that stands for one
// (plugin.go), the chain of SLO plugins (chain.go), and the alert rules that Sloth
// would make of it (alerts.go) with the windows of the period (windows.go).
package sloth
