import { ratio } from '../format/number';

/** level is the colour of a budget's rest: spent, low or none. */
export function level(remaining: number): string {
  if (remaining <= 0) return 'spent';
  return remaining < 0.25 ? 'low' : '';
}

/** BudgetBar shows how much of a budget is left, ratio; an overspent one is all filled. */
export function BudgetBar({ remaining, known }: { remaining: number; known: boolean }) {
  if (!known) return <span class="none">—</span>;
  const width = remaining <= 0 ? 1 : Math.min(1, remaining);
  return (
    <span class={'budget ' + level(remaining)}>
      <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="rest" width="100" height="6" />
        <rect class="left" width={width * 100} height="6" />
      </svg>
      <span class="num">{ratio(remaining)}</span>
    </span>
  );
}
