// Every budget on one page: what burns, what is nearly spent, what is not observed.
local p = import '../panels.libsonnet';

// Only slo_info knows owner and tier.
local chosen(expr) = expr + ' and on (service, slo) slo_info{owner=~"$owner", tier=~"$tier"}';
local budgets = 'service=~"$service"';
// Windows of budgets, not of alert pairs.
local ofBudget(expr) = '(%s and on (service, slo, window) slo_error_budget_remaining_ratio{%s})' % [expr, budgets];

local state(name, title, color) =
  p.stat(title, [p.now(
    'count(%s) or vector(0)' % chosen('slo_budget_state{state="%s", %s} == 1' % [name, budgets]), title
  )]) + p.colors([[null, 'text'], [1, color]]);

p.dashboard(
  'slowburn-overview',
  'Error budgets',
  'All error budgets of this slowburn: which burn, how much is left, how much was observed.',
  [
    p.variable('owner', 'label_values(slo_info, owner)'),
    p.variable('tier', 'label_values(slo_info{owner=~"$owner"}, tier)'),
    p.variable('service', 'label_values(slo_info{owner=~"$owner", tier=~"$tier"}, service)'),
  ],
  [
    state('burning', 'Burning', 'red'),
    state('no-data', 'No data', 'orange'),
    state('no-traffic', 'No traffic', 'blue'),
    state('partial', 'Partly observed', 'yellow'),
    state('ok', 'OK', 'green'),
    p.stat('Spent', [p.now(
      'count(%s) or vector(0)' % chosen('slo_error_budget_remaining_ratio{%s} <= 0' % budgets), 'Spent'
    )]) + p.colors([[null, 'text'], [1, 'red']]),

    p.table('Firing', [p.rows(chosen('ALERTS{alertstate="firing", service=~"$service", slo!=""}'))], [['Value', 'firing']], ['alertstate'], height=7)
    + p.describe('Alerts that hold now, as sent to Alertmanager.'),

    p.table(
      'Budgets',
      [
        p.rows('sort(%s)' % chosen('min without (window) (slo_error_budget_remaining_ratio{%s})' % budgets)),
        p.rows(chosen('min without (window) (slo_error_budget_remaining_events{%s})' % budgets)),
        p.rows(chosen('max without (window) (slo_burn_rate{window="1h", %s})' % budgets)),
        p.rows(chosen('min without (window) (slo_error_budget_time_to_exhaustion_seconds{%s})' % budgets)),
        p.rows(chosen('min without (window) %s' % ofBudget('slo_window_coverage_ratio{%s}' % budgets))),
      ],
      [
        ['Value #A', 'left', 'percentunit'],
        ['Value #B', 'events left', 'short'],
        ['Value #C', 'burn rate, 1 h', 'none'],
        ['Value #D', 'spent in', 's'],
        ['Value #E', 'observed', 'percentunit'],
      ],
      height=12,
    ) + p.describe('Of a budget with several windows, the one with least left. Burn rate 1 is exactly as fast as the target allows.'),

    p.graph('Budget left, lowest ten', [p.query('bottomk(10, %s)' % chosen('slo_error_budget_remaining_ratio{%s}' % budgets))])
    + p.unit('percentunit') + p.limit([[0, 'red']]),
    p.graph('Burn rate over 1 h, highest ten', [p.query('topk(10, %s)' % chosen('slo_burn_rate{window="1h", %s}' % budgets))])
    + p.limit([[1, 'orange']]),
  ],
  from='now-24h',
)
