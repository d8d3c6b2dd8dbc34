import type { DeliveredAlert } from '../../api/alert';
import type { Budget } from '../../api/budget';
import { float } from '../../api/number';
import { seconds } from '../../format/time';

/** Burning is a budget that burns, with its alerts; an alert may come before its budget's slot closed. */
export interface Burning {
  key: string;
  budget: Budget | undefined;
  alerts: DeliveredAlert[];
  /** risk is which share of the budget an hour at the pace of now takes, ratio. */
  risk: number;
  page: boolean;
}

/** perHour is which share of its first window's budget a budget loses in an hour at the pace of the last. */
export function perHour(b: Budget): number {
  const window = b.windows[0];
  if (!window) return 0;
  const burn = Math.max(0, ...b.pairs.filter((p) => p.holds).map((p) => Math.min(float(p.long_burn_rate), float(p.short_burn_rate))));
  return (burn * 3600) / seconds(window.window);
}

function belongs(a: DeliveredAlert, b: Budget): boolean {
  return Object.entries(b.labels).every(([name, value]) => a.labels[name] === value);
}

/**
 * inOrder joins budgets that burn with the alerts that fire, by budget at risk: pages
 * first, then what loses most. A roll-up takes no alert of its segments.
 */
export function inOrder(budgets: Budget[], alerts: DeliveredAlert[]): Burning[] {
  const specific = [...budgets].sort((a, b) => Object.keys(b.labels).length - Object.keys(a.labels).length);
  const left = new Set(alerts);
  const all = specific.map((budget): Burning => {
    const own = [...left].filter((a) => belongs(a, budget));
    for (const a of own) left.delete(a);
    return { key: budget.id, budget, alerts: own, risk: perHour(budget), page: own.some(isPage) };
  });
  for (const a of left) {
    all.push({ key: JSON.stringify(a.labels), budget: undefined, alerts: [a], risk: 0, page: isPage(a) });
  }
  return all.sort((a, b) => Number(b.page) - Number(a.page) || b.risk - a.risk);
}

function isPage(a: DeliveredAlert): boolean {
  return (a.labels['sloth_severity'] ?? a.labels['severity']) === 'page';
}
