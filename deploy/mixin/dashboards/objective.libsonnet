// One objective: how its budget was spent, how fast it burns, and by whom.
local p = import '../panels.libsonnet';

local it = 'service="$service", slo="$slo"';
local budget(name) = '%s{%s, window="$window"}' % [name, it];

p.dashboard(
  'slowburn-objective',
  'Error budget of one objective',
  'How the budget of one objective was spent, how fast it burns, and which segment spends it.',
  [
    p.variable('service', 'label_values(slo_info, service)', all=false),
    p.variable('slo', 'label_values(slo_info{service="$service"}, slo)', all=false),
    p.variable('window', 'label_values(slo_error_budget_remaining_ratio{service="$service", slo="$slo"}, window)', all=false),
  ],
  [
    p.stat('Target', [p.now('max(%s)' % budget('slo_objective_ratio'))]) + p.unit('percentunit', 3),
    p.stat('Budget left', [p.now('min(%s)' % budget('slo_error_budget_remaining_ratio'))]) + p.unit('percentunit', 1) + p.budget
    + p.describe('Of the segment that has least. 100 % is untouched, 0 % spent, less is overspent.'),
    p.stat('Events left', [p.now('min(%s)' % budget('slo_error_budget_remaining_events'))]) + p.unit('short')
    + p.describe('How many more bad events the window can take, in the segment that has fewest.'),
    p.stat('Spent in', [p.now('min(%s)' % budget('slo_error_budget_time_to_exhaustion_seconds'))]) + p.unit('s')
    + p.describe('At the pace of the last hour; infinite when the budget does not shrink.'),
    p.stat('Observed', [p.now('min(%s)' % budget('slo_window_coverage_ratio'))]) + p.unit('percentunit', 1)
    + p.colors([[null, 'red'], [0.5, 'orange'], [0.99, 'green']])
    + p.describe('Share of the expected scrapes that arrived. What was not observed counts neither as good nor as bad.'),
    p.stat('Burning', [p.now('sum(slo_budget_state{%s, state="burning"})' % it)]) + p.colors([[null, 'green'], [1, 'red']])
    + p.describe('How many of its budgets, the roll-up and the segments, burn faster than an alert threshold.'),

    p.graph('Budget left', [p.query(budget('slo_error_budget_remaining_ratio'))], width=24, height=9) + p.unit('percentunit') + p.limit([[0, 'red']]),

    p.graph('Burn rate by window', [p.query('max by (window) (slo_burn_rate{%s})' % it, '{{window}}')]) + p.limit([[1, 'orange']])
    + p.describe('Of the segment that burns fastest. 1 is exactly as fast as the target allows.'),
    p.graph('Error ratio by window', [p.query('max by (window) (slo_error_ratio{%s})' % it, '{{window}}')]) + p.unit('percentunit') + p.bounds(0),

    p.graph('Events per second', [p.query('sum without (source) (rate(slo_events_total{%s}[$__rate_interval]))' % it)]) + p.bounds(0),
    p.graph('Bad events per second', [p.query('sum without (source) (rate(slo_bad_events_total{%s}[$__rate_interval]))' % it)]) + p.bounds(0),

    p.bars('Who lost most, over the time shown', [p.now('sort_desc(topk(10, sum without (source) (increase(slo_bad_events_total{%s}[$__range]))))' % it)])
    + p.unit('short') + p.bounds(0) + p.describe('Bad events by segment; the roll-up is the one without further labels.'),
    p.graph('Observed', [p.query(budget('slo_window_coverage_ratio'))]) + p.unit('percentunit') + p.bounds(0, 1),
  ],
  [
    p.events('alerts', 'ALERTS{alertstate="firing", %s}' % it, '{{alertname}} {{severity}}', 'severity', 'red'),
  ],
  from='now-24h',
)
