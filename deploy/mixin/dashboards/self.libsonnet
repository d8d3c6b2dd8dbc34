// slowburn itself, from its own /metrics as a Prometheus scrapes them.
local p = import '../panels.libsonnet';

local me = 'instance=~"$instance"';
local rate(name, more='') = 'rate(%s{%s}[$__rate_interval])' % [name, if more == '' then me else me + ', ' + more];
local quantile(q, name) = 'histogram_quantile(%s, sum by (instance, le) (%s))' % [q, rate(name + '_bucket')];

p.dashboard(
  'slowburn-self',
  'slowburn itself',
  'What slowburn takes in, evaluates, sends and costs. The data source is the Prometheus that scrapes it.',
  [p.variable('instance', 'label_values(slowburn_build_info, instance)')],
  [
    p.stat('Budgets', [p.now('sum(slowburn_engine_budgets{%s})' % me)]) + p.unit('short'),
    p.stat('Series read', [p.now('sum(slowburn_engine_series{%s})' % me)]) + p.unit('short'),
    p.stat('Last evaluation', [p.now('max(time() - slowburn_engine_last_tick_timestamp_seconds{%s})' % me)]) + p.unit('s') + p.colors([[null, 'green'], [60, 'orange'], [300, 'red']]),
    p.stat('Alertmanagers up', [p.now('sum(slowburn_alertmanager_up{%s})' % me)]) + p.colors([[null, 'red'], [1, 'green']]),
    p.stat('Alerts owed', [p.now('max(slowburn_alerts_queue{%s})' % me)]) + p.colors([[null, 'green'], [1, 'orange']])
    + p.describe('Alerts that some Alertmanager has not acknowledged yet.'),
    p.stat('Configuration', [p.now('min(slowburn_config_last_reload_successful{%s})' % me)]) + p.colors([[null, 'red'], [1, 'green']])
    + p.describe('1 if the files as they are on disk are in force.'),

    p.graph('Samples received and stored', [
      p.query('sum by (instance) (%s)' % rate('slowburn_ingest_samples_received_total'), '{{instance}} received'),
      p.query('sum by (instance) (%s)' % rate('slowburn_ingest_samples_stored_total'), '{{instance}} stored'),
    ]) + p.unit('cps') + p.bounds(0),
    p.graph('Samples not stored, by reason', [p.query('sum by (reason) (%s) > 0' % rate('slowburn_ingest_samples_dropped_total'), '{{reason}}')])
    + p.unit('cps') + p.bounds(0) + p.describe('unneeded: no objective reads them (ingest.keep: slo).'),

    p.graph('Answers to remote write', [p.query('sum by (protocol, code) (%s)' % rate('slowburn_ingest_requests_total'), '{{protocol}} {{code}}')]) + p.unit('reqps') + p.bounds(0),
    p.graph('Remote write takes', [p.query(quantile('0.99', 'slowburn_ingest_request_duration_seconds'), '{{instance}} p99')]) + p.unit('s') + p.bounds(0),

    p.graph('Evaluation takes', [p.query(quantile('0.99', 'slowburn_engine_tick_duration_seconds'), '{{instance}} p99')]) + p.unit('s') + p.bounds(0),
    p.graph('Sends to Alertmanager', [
      p.query('sum by (alertmanager) (%s)' % rate('slowburn_alerts_sent_total'), '{{alertmanager}} sent'),
      p.query('sum by (alertmanager) (%s)' % rate('slowburn_alerts_errors_total'), '{{alertmanager}} failed'),
    ]) + p.unit('cps') + p.bounds(0),

    p.graph('Memory', [
      p.query('process_resident_memory_bytes{%s} and on (instance) slowburn_build_info' % me, '{{instance}} resident'),
      p.query('go_memstats_heap_inuse_bytes{%s} and on (instance) slowburn_build_info' % me, '{{instance}} heap'),
    ]) + p.unit('bytes') + p.bounds(0),
    p.graph('CPU', [p.query('%s and on (instance) slowburn_build_info' % rate('process_cpu_seconds_total'), '{{instance}}')]) + p.unit('percentunit') + p.bounds(0)
    + p.describe('100 % is one core.'),

    p.graph('Disk free, and the least there must be', [
      p.query('min by (instance) (slowburn_tsdb_disk_free_bytes{%s})' % me, '{{instance}} free'),
      p.query('max by (instance) (slowburn_tsdb_disk_floor_bytes{%s})' % me, '{{instance}} floor'),
    ]) + p.unit('bytes') + p.bounds(0),
    p.graph('Queries refused, by reason', [p.query('sum without (instance) (%s) > 0' % rate('slowburn_queries_refused_total'))]) + p.unit('cps') + p.bounds(0),
  ],
)
