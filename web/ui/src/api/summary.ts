import type { JSONNumber } from './number';
import type { State } from './state';

/** Summary is one objective as /api/slo/v1/summary lists it. */
export interface Summary {
  service: string;
  slo: string;
  owner?: string;
  tier?: string;
  target_ratio: JSONNumber;
  window: string;
  /** by are the group labels as series carry them. */
  by?: string[];
  state: State;
  reason?: string;
  /** alert is the worst severity that fires. */
  alert?: 'page' | 'ticket';
  data_time_ms: number;
  remaining_ratio: JSONNumber;
  burn_rate: JSONNumber;
  burn_window?: string;
  /** nearness is how near the nearest alert is: 1 when a pair holds. */
  nearness_ratio: JSONNumber;
  coverage_ratio: JSONNumber;
  segments?: number;
  burning_segments?: number;
  worst?: Segment;
}

export interface Segment {
  groups: Record<string, string>;
  state: State;
  remaining_ratio: JSONNumber;
  burn_rate: JSONNumber;
}

export interface Summaries {
  objectives: Summary[];
}
