import { post } from './ask';
import { float } from './number';

/** Series is one answer of query_range: times in seconds, as uPlot wants them. */
export interface Series {
  labels: Record<string, string>;
  times: number[];
  values: number[];
}

interface Matrix {
  result: { metric: Record<string, string>; values: [number, string][] }[];
}

export interface Span {
  /** from, to and step are seconds. */
  from: number;
  to: number;
  step: number;
}

/** queryRange asks PromQL over a stretch of time. */
export async function queryRange(query: string, span: Span, signal?: AbortSignal): Promise<Series[]> {
  const form = { query, start: span.from, end: span.to, step: span.step };
  const matrix = await post<Matrix>('api/v1/query_range', form, signal);
  return matrix.result.map((r) => ({
    labels: r.metric,
    times: r.values.map(([t]) => t),
    values: r.values.map(([, v]) => float(v)),
  }));
}
