package e2e

import "fmt"

// config is slowburn's configuration file. The tier's windows are short, so that
// an outage is over within the test.
func config(alertmanager string) string {
	return fmt.Sprintf(`
slo_files: [slos/*.yml]
tiers:
  quick:
    alerts:
      - severity: page
        pairs:
          - {long: 5m, short: 1m, factor: 14.4}
alerting:
  alertmanagers:
    - static_configs:
        - targets: [%q]
  trace_url: https://tempo.example.org/trace/${trace_id}
`, alertmanager)
}

const (
	// target is the availability objective's, ratio.
	target = 0.999

	availability = `version: slowburn/v1
service: shop
owner: team-shop
objectives:
  - name: availability
    description: Customers get an answer that is not a server error.
    target: 99.9
    windows: [1d]
    tier: quick
    runbook: https://runbooks.example.org/shop
    dashboard: https://grafana.example.org/d/shop
    sli:
      events:
        bad: http_requests_total{job="shop",code=~"5.."}
        total: http_requests_total{job="shop"}
`

	latency = `version: prometheus/v1
service: shop
slos:
  - name: latency
    objective: 99
    description: Answers within 100 ms, as Sloth users write it.
    sli:
      events:
        error_query: sum(rate(http_request_duration_seconds_count{job="shop"}[{{.window}}])) - sum(rate(http_request_duration_seconds_bucket{job="shop",le="0.1"}[{{.window}}]))
        total_query: sum(rate(http_request_duration_seconds_count{job="shop"}[{{.window}}]))
    alerting:
      name: ShopLatency
      page_alert: {disable: true}
      ticket_alert: {disable: true}
`

	broken = `version: slowburn/v1
service: shop
objectives:
  - name: availability
    target: 101
`
)
