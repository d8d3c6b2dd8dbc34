import type { JSONNumber } from './number';

/** Objective is one objective in force as /api/slo/v1/objectives serves it. */
export interface Objective {
  id: string;
  service: string;
  slo: string;
  description?: string;
  owner?: string;
  tier?: string;
  runbook?: string;
  dashboard?: string;
  target_ratio: JSONNumber;
  windows: string[];
  labels: Record<string, string>;
  sli: { native: boolean; reason?: string; by: string[]; terms: Term[]; members?: Member[] };
  format: string;
  source: Place;
}

export interface Term {
  kind: string;
  selector: string;
  bad_weight: JSONNumber;
  total_weight: JSONNumber;
}

/** Member is a member of a composite, by the ID of its objective; all weights' sum is 1. */
export interface Member {
  id: string;
  weight: JSONNumber;
}

export interface Place {
  file?: string;
  line?: number;
  column?: number;
}

/** ConfigError is what is wrong with a file, and where. */
export interface ConfigError extends Place {
  error: string;
  excerpt?: string;
}

export interface Objectives {
  objectives: Objective[];
  errors: ConfigError[];
}

/** placeText writes a place: "slos/checkout.yml:7:3". */
export function placeText(p: Place): string {
  return [p.file, p.line, p.column].filter(Boolean).join(':');
}
