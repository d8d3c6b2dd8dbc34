import { states, type State } from '../../api/state';
import type { Row } from './row';

/** Filter is which objectives the address asks for. Empty lists select all. */
export interface Filter {
  words: string[];
  owners: string[];
  tiers: string[];
  states: State[];
}

export function readFilter(params: URLSearchParams): Filter {
  return {
    words: (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean),
    owners: params.getAll('owner'),
    tiers: params.getAll('tier'),
    states: params.getAll('state').filter((s): s is State => (states as readonly string[]).includes(s)),
  };
}

function among(list: readonly string[], value: string): boolean {
  return list.length === 0 || list.includes(value);
}

/** selects says whether a row is asked for; the states apart, so that they can be counted. */
export function selects(f: Filter, row: Row): boolean {
  return among(f.owners, row.owner) && among(f.tiers, row.tier) && f.words.every((w) => row.text.includes(w));
}

/** countStates counts the rows by state. */
export function countStates(rows: Row[]): Record<State, number> {
  const count = { burning: 0, 'no-data': 0, 'no-traffic': 0, partial: 0, ok: 0 };
  for (const row of rows) count[row.state]++;
  return count;
}
