import { queryRange, type Span } from '../api/series';
import { select } from '../promql/select';

/** SparkKey names a budget's rest over a stretch of time. */
export interface SparkKey {
  labels: Record<string, string>;
  span: Span;
}

type Values = (number | undefined)[];

interface Wish {
  key: SparkKey;
  name: string;
  signal: AbortSignal;
  done: (v: Values) => void;
  failed: (err: unknown) => void;
}

// What the rows in sight wish for at one moment is asked in few queries, one at a
// time: slowburn has more to do than ornaments.
const batch = 10;
const kept = new Map<string, Values>();
const wishes: Wish[] = [];
let asking = false;

/** sparkOf is the budget's rest at every step; undefined where it is not known. */
export function sparkOf(key: SparkKey, signal: AbortSignal): Promise<Values> {
  const name = JSON.stringify(key);
  const had = kept.get(name);
  if (had) return Promise.resolve(had);
  return new Promise((done, failed) => {
    wishes.push({ key, name, signal, done, failed });
    if (!asking) {
      asking = true;
      setTimeout(serve, 60);
    }
  });
}

async function serve(): Promise<void> {
  for (let next = take(); next.length > 0; next = take()) {
    try {
      await answer(next);
    } catch (err) {
      for (const w of next) w.failed(err);
    }
  }
  asking = false;
}

/** take is the newest wishes of one span that somebody still has. */
function take(): Wish[] {
  const live = wishes.filter((w) => !w.signal.aborted);
  const span = JSON.stringify(live.at(-1)?.key.span);
  const taken = live.filter((w) => JSON.stringify(w.key.span) === span).slice(-batch);
  const rest = live.filter((w) => !taken.includes(w));
  wishes.splice(0, wishes.length, ...rest);
  return taken;
}

async function answer(some: Wish[]): Promise<void> {
  const span = some[0]!.key.span;
  const selectors = some.map((w) => select('slo_error_budget_remaining_ratio', w.key.labels));
  const found = await queryRange([...new Set(selectors)].join(' or '), span);
  const length = Math.round((span.to - span.from) / span.step) + 1;
  for (const w of some) {
    const values: Values = new Array<undefined>(length).fill(undefined);
    const series = found.find((s) => Object.entries(w.key.labels).every(([k, v]) => (s.labels[k] ?? '') === v));
    series?.times.forEach((t, i) => {
      values[Math.round((t - span.from) / span.step)] = series.values[i];
    });
    if (kept.size > 2000) kept.clear();
    kept.set(w.name, values);
    w.done(values);
  }
}
