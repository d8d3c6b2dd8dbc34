/** Standing is what every view's frame shows: /api/slo/v1/standing. */
export interface Standing {
  version: string;
  /** not_ready says why nothing else answers yet. */
  not_ready?: string;
  now_ms: number;
  data_time_ms: number;
  pages: number;
  tickets: number;
  config_errors: number;
  demo: boolean;
}
