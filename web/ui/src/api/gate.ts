import type { JSONNumber } from './number';

export type Verdict = 'pass' | 'fail' | 'unknown';

export interface Reason {
  code: string;
  slo?: string;
  verdict: Verdict;
  text: string;
}

export interface GateAnswer {
  service: string;
  change_type: string;
  verdict: Verdict;
  decision: Verdict;
  reasons: Reason[] | null;
  mitigations: string[] | null;
  objectives: GateObjective[] | null;
  override?: Override;
  may_override: string[] | null;
  asked_ms: number;
}

export interface GateObjective {
  slo: string;
  verdict: Verdict;
  policy_state: string;
  decision_owner: string;
  window: string;
  remaining_ratio: JSONNumber;
  coverage_ratio: JSONNumber;
  data_time_ms: number;
  forecast: Forecast;
  /** burning are the severities of its burn-rate alerts that fire. */
  burning: string[];
}

/** Forecast is what a release is expected to cost: shares of the whole budget. */
export interface Forecast {
  median_ratio: JSONNumber;
  p90_ratio: JSONNumber;
  assumption: string;
}

export interface Override {
  id: string;
  service: string;
  slo?: string;
  reason: string;
  expires_ms: number;
  author: string;
  created_ms: number;
}

export interface Policy {
  service: string;
  slo: string;
  state: string;
  since_ms: number;
  spent_ratio: JSONNumber;
  reason: string;
  actions: string[] | null;
  decision_owner: string;
  gate: Verdict;
}

export interface AuditEntry {
  id: string;
  time_ms: number;
  author: string;
  action: string;
  service: string;
  subject?: string;
  reason?: string;
  detail?: string;
}
