import { float } from '../../api/number';
import { states, type State } from '../../api/state';
import type { Summary } from '../../api/summary';
import { groupText } from '../../part/groups';

/** Row is a summary with its numbers read and its text ready to be searched. */
export interface Row {
  id: string;
  summary: Summary;
  service: string;
  slo: string;
  owner: string;
  tier: string;
  state: State;
  /** severity is 2 for a page that fires, 1 for a ticket. */
  severity: number;
  target: number;
  remaining: number;
  burn: number;
  nearness: number;
  coverage: number;
  /** worst is the worst segment's remaining budget; the objective's own without segments. */
  worst: number;
  known: boolean;
  text: string;
}

export function toRow(s: Summary): Row {
  const remaining = float(s.remaining_ratio);
  return {
    id: JSON.stringify([s.service, s.slo]),
    summary: s,
    service: s.service,
    slo: s.slo,
    owner: s.owner ?? '',
    tier: s.tier ?? '',
    state: s.state,
    severity: s.alert === 'page' ? 2 : s.alert === 'ticket' ? 1 : 0,
    target: float(s.target_ratio),
    remaining,
    burn: float(s.burn_rate),
    nearness: float(s.nearness_ratio),
    coverage: float(s.coverage_ratio),
    worst: s.worst ? float(s.worst.remaining_ratio) : remaining,
    known: s.data_time_ms > 0,
    text: [s.service + '/' + s.slo, s.owner, s.tier, s.worst && groupText(s.worst.groups)].join(' ').toLowerCase(),
  };
}

/** pressing orders states, the most pressing first. */
export function pressing(state: State): number {
  return states.indexOf(state);
}
