import type { Series } from '../api/series';
import { target } from '../format/number';

/** Mark is a moment to be seen on charts: a release, a changed target. */
export interface Mark {
  /** at is seconds. */
  at: number;
  kind: 'release' | 'target';
  text: string;
}

/** targetChanges finds where the target in force changed. */
export function targetChanges(targets: Series | undefined): Mark[] {
  const marks: Mark[] = [];
  targets?.values.forEach((v, i) => {
    const before = targets.values[i - 1];
    if (before !== undefined && before !== v) {
      marks.push({ at: targets.times[i]!, kind: 'target', text: `target ${target(before)} → ${target(v)}` });
    }
  });
  return marks;
}
