// A monitoring mixin (https://monitoring.mixins.dev): dashboards about budgets and
// about slowburn, and alerts for the Prometheus beside it. Rendered copies lie in
// ../grafana/dashboards and ../rules for those who run no jsonnet.
(import 'alerts.libsonnet') + {
  _config+:: {
    // selector finds slowburn's own scrape.
    selector: 'job="slowburn"',
    // remote finds the queue that sends to it: its name in remote_write.
    remote: 'remote_name="slowburn"',
  },
  grafanaDashboards+:: {
    'overview.json': import 'dashboards/overview.libsonnet',
    'objective.json': import 'dashboards/objective.libsonnet',
    'self.json': import 'dashboards/self.libsonnet',
  },
}
