// Rules for the Prometheus beside slowburn: they say when slowburn itself is gone,
// deaf, mute or runs with old files. What slowburn can say itself, it does.
{
  local me = $._config.selector,

  prometheusAlerts+:: {
    groups+: [{
      name: 'slowburn',
      rules: [
        {
          alert: 'SlowburnDown',
          expr: 'up{%(me)s} == 0 or absent(up{%(me)s})' % { me: me },
          'for': '2m',
          labels: { severity: 'page' },
          annotations: {
            summary: 'slowburn does not answer: no error budget is being watched',
            description: 'Is its process running? Its log says why it ended. Until it is back, no budget alert is sent; after 4 min Alertmanager resolves those that fire.',
          },
        },
        {
          alert: 'SlowburnStalled',
          expr: 'time() - slowburn_engine_last_tick_timestamp_seconds{%s} > 300' % me,
          'for': '2m',
          labels: { severity: 'page' },
          annotations: {
            summary: 'slowburn has evaluated nothing for {{ $value | humanizeDuration }}',
            description: 'Does remote write reach it? Look at the sources and their lag on its status page.',
          },
        },
        {
          alert: 'SlowburnWritesFail',
          expr: 'rate(prometheus_remote_storage_samples_failed_total{%s}[5m]) > 0' % $._config.remote,
          'for': '5m',
          labels: { severity: 'ticket' },
          annotations: {
            summary: 'slowburn refuses samples: budgets miss events',
            description: 'slowburn_ingest_samples_dropped_total says why, and so does the log of the Prometheus that sends.',
          },
        },
        {
          alert: 'SlowburnWritesBehind',
          expr: 'prometheus_remote_storage_queue_highest_timestamp_seconds{%(remote)s} - prometheus_remote_storage_queue_highest_sent_timestamp_seconds{%(remote)s} > 120' % { remote: $._config.remote },
          'for': '5m',
          labels: { severity: 'ticket' },
          annotations: {
            summary: 'samples reach slowburn {{ $value | humanizeDuration }} late',
            description: 'Pages come as late as that. Are the shards of this remote write at their limit, or is slowburn answering 503?',
          },
        },
        {
          alert: 'SlowburnAlertmanagerUnreachable',
          expr: 'min_over_time(slowburn_alertmanager_up{%s}[1m]) == 0' % me,
          'for': '2m',
          labels: { severity: 'ticket' },
          annotations: {
            summary: 'slowburn cannot reach {{ $labels.alertmanager }}',
            description: 'Alerts are owed to it and sent once it answers; a second Alertmanager or the webhook still gets them.',
          },
        },
        {
          alert: 'SlowburnReloadFailed',
          expr: 'slowburn_config_last_reload_successful{%s} == 0' % me,
          'for': '5m',
          labels: { severity: 'ticket' },
          annotations: {
            summary: 'slowburn runs with older files than those on disk',
            description: 'Its log and its status page say what is wrong with them, by file, line and column.',
          },
        },
        {
          alert: 'SlowburnStateNotSaved',
          expr: 'increase(slowburn_engine_state_write_errors_total{%(me)s}[10m]) + increase(slowburn_engine_ledger_write_errors_total{%(me)s}[10m]) > 0' % { me: me },
          labels: { severity: 'ticket' },
          annotations: {
            summary: 'slowburn cannot write its data folder',
            description: 'It goes on and pages from memory; a restart would not remember. Is the disk full or broken?',
          },
        },
      ],
    }],
  },
}
