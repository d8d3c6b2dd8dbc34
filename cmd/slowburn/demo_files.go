package main

import (
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// demoSLOs are the shop's objectives.
//
//go:embed demo/shop.yml
var demoSLOs []byte

// demoConfig is the demo's slowburn.yml.
const demoConfig = `# As slowburn demo runs. Try: slowburn check %[1]s
slo_files: [shop.yml]
external_labels:
  environment: demo
alerting:
  alertmanagers:
    - scheme: %[2]s
      path_prefix: %[3]q
      static_configs:
        - targets: [%[4]q]
`

// writeDemoConfig writes the configuration file and the SLO file beside it.
func writeDemoConfig(file string, alertmanager *url.URL) error {
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "shop.yml"), demoSLOs, 0o666); err != nil {
		return fmt.Errorf("write the demo's objectives: %w", err)
	}
	path := alertmanager.Path
	if path == "" {
		path = "/"
	}
	text := fmt.Sprintf(demoConfig, file, alertmanager.Scheme, path, alertmanager.Host)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		return fmt.Errorf("write the demo's configuration: %w", err)
	}
	return nil
}
