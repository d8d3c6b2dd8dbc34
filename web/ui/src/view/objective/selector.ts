import type { Budget } from '../../api/budget';

/**
 * seriesOf are the labels that select a budget's series and no other budget's of its
 * objective: group labels that only others have must be empty.
 */
export function seriesOf(budget: Budget, all: Budget[]): Record<string, string> {
  const names = new Set(all.flatMap((b) => Object.keys(b.labels)));
  return Object.fromEntries([...names].map((name) => [name, budget.labels[name] ?? '']));
}
