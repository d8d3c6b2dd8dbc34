import type { JSONNumber } from './number';

/** Release is a deploy mark with what it cost each objective. */
export interface Release {
  id: string;
  service: string;
  version: string;
  time_ms: number;
  type?: string;
  link?: string;
  note?: string;
  author: string;
  detected?: boolean;
  costs?: Cost[] | null;
}

export interface Cost {
  slo: string;
  state: string;
  bad_events: JSONNumber;
  excess_events: JSONNumber;
  budget_ratio: JSONNumber;
  window: string;
  coverage_ratio: JSONNumber;
  assumption: string;
}

export interface Releases {
  releases: Release[];
  next: string;
}
