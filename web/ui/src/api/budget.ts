import type { JSONNumber } from './number';
import type { State } from './state';

/** Budget is one budget as /api/slo/v1/budgets serves it. */
export interface Budget {
  id: string;
  service: string;
  slo: string;
  groups: Record<string, string>;
  /** labels are those of its series. */
  labels: Record<string, string>;
  state: State;
  reason?: string;
  target_ratio: JSONNumber;
  tier?: string;
  owner?: string;
  runbook?: string;
  dashboard?: string;
  data_time_ms: number;
  data_since_ms: number;
  series: number;
  windows: BudgetWindow[];
  pairs: Pair[];
  alerts: Alert[];
}

export interface BudgetWindow {
  window: string;
  start_ms: number;
  total_events: JSONNumber;
  bad_events: JSONNumber;
  scrapes_observed: JSONNumber;
  scrapes_expected: JSONNumber;
  error_ratio: JSONNumber;
  burn_rate: JSONNumber;
  remaining_ratio: JSONNumber;
  remaining_events: JSONNumber;
  time_to_exhaustion_seconds: JSONNumber;
  coverage_ratio: JSONNumber;
}

export interface Pair {
  severity: string;
  long_window: string;
  short_window: string;
  threshold_burn_rate: JSONNumber;
  long_burn_rate: JSONNumber;
  short_burn_rate: JSONNumber;
  holds: boolean;
}

export interface Alert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing' | 'resolved';
  active_ms: number;
  fired_ms?: number;
  value: JSONNumber;
}

export interface Budgets {
  budgets: Budget[];
  next: string;
}

/** standing is a budget's state with what may have fired inside a slot that is still open. */
export function standing(b: Budget): State {
  return b.state !== 'no-data' && b.alerts.some((a) => a.state === 'firing') ? 'burning' : b.state;
}

/** severityOf is the worst severity that fires for a budget. */
export function severityOf(b: Budget): 'page' | 'ticket' | undefined {
  const firing = b.alerts.filter((a) => a.state === 'firing').map((a) => a.labels['sloth_severity'] ?? a.labels['severity']);
  return firing.includes('page') ? 'page' : firing.includes('ticket') ? 'ticket' : undefined;
}
