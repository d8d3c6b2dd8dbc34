import type { Span } from '../api/series';
import { seconds } from '../format/time';

export const ranges = ['1h', '6h', '1d', '3d', '7d', '30d'] as const;

/**
 * rangeFor is the shortest range that shows all data that began so long ago, s, and none
 * is longer than most: a month that is empty but for its last minutes shows nothing.
 */
export function rangeFor(age: number, most: string): string {
  return ranges.find((r) => seconds(r) >= Math.min(age, seconds(most))) ?? most;
}

/** steps are those that people read easily, s. */
const steps = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** stepOf is the finest of them with at most so many points. */
export function stepOf(length: number, points: number): number {
  return steps.find((s) => length / s <= points) ?? Math.ceil(length / points / 86400) * 86400;
}

/**
 * spanOf reads a time range from the address: `from` and `to` (ms), else the last
 * `range`. Both ends lie on the step, so that a chart does not tremble as time goes on.
 */
export function spanOf(params: URLSearchParams, otherwise: string, now: number, points: number): Span {
  let from = Number(params.get('from')) / 1000;
  let to = Number(params.get('to')) / 1000;
  if (!(from > 0 && to > from)) {
    const length = seconds(params.get('range') ?? otherwise);
    to = now / 1000;
    from = to - (Number.isFinite(length) ? length : seconds(otherwise));
  }
  const step = stepOf(to - from, points);
  return { from: Math.floor(from / step) * step, to: Math.floor(to / step) * step, step };
}
