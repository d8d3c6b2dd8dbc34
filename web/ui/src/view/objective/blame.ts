import type { Budget } from '../../api/budget';
import { float } from '../../api/number';

/** Blamed is a segment with its bad events over the first window, and its share of all. */
export interface Blamed {
  budget: Budget;
  bad: number;
  share: number;
}

/** byBlame ranks segments by their share of the bad events of all of them. */
export function byBlame(budgets: Budget[]): Blamed[] {
  const segments = budgets.filter((b) => Object.keys(b.groups).length > 0);
  const bad = segments.map((b) => float(b.windows[0]?.bad_events) || 0);
  const all = bad.reduce((sum, n) => sum + n, 0);
  return segments
    .map((budget, i) => ({ budget, bad: bad[i]!, share: all > 0 ? bad[i]! / all : 0 }))
    .sort((a, b) => b.bad - a.bad);
}
