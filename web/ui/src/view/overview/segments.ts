import { useMemo } from 'preact/hooks';
import { ask } from '../../api/ask';
import { standing, type Budget, type Budgets } from '../../api/budget';
import { float } from '../../api/number';
import { usePoll } from '../../api/poll';
import { pressing, type Row } from './row';

/** remaining is what is left of a budget over its first window. */
export function remaining(b: Budget): number {
  return float(b.windows[0]?.remaining_ratio);
}

function worstFirst(a: Budget, b: Budget): number {
  return pressing(standing(a)) - pressing(standing(b)) || remaining(a) - remaining(b);
}

/** useSegments loads the segments of the given objectives; undefined until they are there. */
export function useSegments(open: Row[]): Map<string, Budget[] | undefined> {
  const key = open.map((row) => row.id).join(' ');
  const polled = usePoll(key || undefined, 10_000, async (signal) => {
    const all = await Promise.all(
      open.map((row) => ask<Budgets>('api/slo/v1/budgets', { service: row.service, slo: row.slo }, signal)),
    );
    return new Map(
      open.map((row, i) => [row.id, all[i]!.budgets.filter((b) => Object.keys(b.groups).length > 0).sort(worstFirst)]),
    );
  });
  return useMemo(() => polled.data ?? new Map(open.map((row) => [row.id, undefined])), [polled.data, key]);
}
