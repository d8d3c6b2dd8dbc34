import type { Series, Span } from '../api/series';

/** grid is the times of a span, s. */
export function grid(span: Span): number[] {
  const times: number[] = [];
  for (let t = span.from; t <= span.to; t += span.step) times.push(t);
  return times;
}

/** align puts a series on the grid; null where it has no finite value. */
export function align(series: Series | undefined, span: Span): (number | null)[] {
  const values: (number | null)[] = new Array(Math.round((span.to - span.from) / span.step) + 1).fill(null);
  series?.times.forEach((t, i) => {
    const v = series.values[i]!;
    if (Number.isFinite(v)) values[Math.round((t - span.from) / span.step)] = v;
  });
  return values;
}

/**
 * perSecond turns a counter on the grid into events per second. Ledger counters never
 * fall: a fall means that a source came or went, of which the step says nothing.
 */
export function perSecond(counter: (number | null)[], step: number): (number | null)[] {
  return counter.map((v, i) => {
    const before = i > 0 ? counter[i - 1] : null;
    return v == null || before == null || v < before ? null : (v - before) / step;
  });
}
