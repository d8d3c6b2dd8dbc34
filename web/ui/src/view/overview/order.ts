import { pressing, type Row } from './row';

type Compare = (a: Row, b: Row) => number;

const text = new Intl.Collator('en', { numeric: true });
const byName: Compare = (a, b) => text.compare(a.service, b.service) || text.compare(a.slo, b.slo);

/** worst first: what fires, then the state, then what is left. */
const byUrgency: Compare = (a, b) => b.severity - a.severity || pressing(a.state) - pressing(b.state) || a.remaining - b.remaining;

/** columns that can be ordered by, each with what comes first at the first click. */
const compares: Record<string, Compare> = {
  urgency: byUrgency,
  name: byName,
  left: (a, b) => a.remaining - b.remaining,
  burn: (a, b) => b.burn - a.burn,
  worst: (a, b) => a.worst - b.worst,
  target: (a, b) => b.target - a.target,
  coverage: (a, b) => a.coverage - b.coverage,
  owner: (a, b) => text.compare(a.owner, b.owner),
  tier: (a, b) => text.compare(a.tier, b.tier),
};

/** order sorts rows by a column's name; "-" before it turns the order round. */
export function order(rows: Row[], by: string): Row[] {
  const reverse = by.startsWith('-');
  const compare = compares[by.replace(/^-/, '')] ?? byUrgency;
  return [...rows].sort((a, b) => (reverse ? -1 : 1) * compare(a, b) || byName(a, b));
}
