import type { JSONNumber } from './number';
import type { ConfigError } from './objective';

/** Status is how slowburn itself is: /api/slo/v1/status. */
export interface Status {
  version: string;
  revision?: string;
  not_ready?: string;
  now_ms: number;
  slot_seconds: JSONNumber;
  last_reload_ms?: number;
  last_reload_ok: boolean;
  sources: Source[];
  ingest: {
    samples_received_total: JSONNumber;
    samples_stored_total: JSONNumber;
    samples_dropped_total: Record<string, JSONNumber>;
    requests_total: Record<string, JSONNumber>;
    series_seen: JSONNumber;
    series_kept: JSONNumber;
  };
  engine: {
    objectives: number;
    budgets: JSONNumber;
    evaluations_total: JSONNumber;
    seconds_per_evaluation: JSONNumber;
    errors_total: JSONNumber;
  };
  limits: { name: string; hits_total: JSONNumber }[];
  process: { start_ms: number; resident_bytes: JSONNumber; cpu_seconds_total: JSONNumber; resident_bytes_per_budget: JSONNumber };
  databases: { name: string; writable: boolean; disk_free_bytes: JSONNumber; disk_floor_bytes: JSONNumber }[];
  errors: ConfigError[];
}

export interface Source {
  name: string;
  newest_ms: number;
  arrived_ms: number;
  closed_ms: number;
  lag_seconds: JSONNumber;
  series: number;
  budgets: number;
}
