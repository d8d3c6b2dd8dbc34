import type { Pair } from '../../api/budget';
import { float } from '../../api/number';
import { seconds } from '../../format/time';

/** Outlook is when a pair's condition would come to hold if the pace of now went on. */
export type Outlook = { kind: 'holds' } | { kind: 'never' } | { kind: 'in'; seconds: number };

/**
 * reach is how long a window's burn rate takes to reach a threshold at a steady pace:
 * what leaves the window is taken to burn as its average does.
 */
export function reach(window: number, burn: number, pace: number, threshold: number): number {
  if (burn > threshold) return 0;
  if (pace <= threshold) return Infinity;
  return (window * (threshold - burn)) / (pace - burn);
}

/** outlook looks at both windows of a pair: the later one decides. */
export function outlook(pair: Pair, pace: number): Outlook {
  if (pair.holds) return { kind: 'holds' };
  const threshold = float(pair.threshold_burn_rate);
  const long = reach(seconds(pair.long_window), float(pair.long_burn_rate), pace, threshold);
  const short = reach(seconds(pair.short_window), float(pair.short_burn_rate), pace, threshold);
  const later = Math.max(long, short);
  return Number.isFinite(later) ? { kind: 'in', seconds: later } : { kind: 'never' };
}

/** paceOf is the burn rate over the shortest window of any pair, and that window. */
export function paceOf(pairs: Pair[]): { burn: number; window: string } | undefined {
  const shortest = [...pairs].sort((a, b) => seconds(a.short_window) - seconds(b.short_window))[0];
  return shortest && { burn: float(shortest.short_burn_rate), window: shortest.short_window };
}
