import type { Budget } from '../../api/budget';
import type { Row } from './row';

/** Line is one line of the table: a heading, an objective, or one of its segments. */
export type Line =
  | { kind: 'heading'; key: string; name: string; rows: Row[]; folded: boolean }
  | { kind: 'objective'; key: string; row: Row; open: boolean }
  | { kind: 'segment'; key: string; row: Row; budget: Budget }
  | { kind: 'waiting'; key: string; row: Row };

export const groupings = ['', 'service', 'owner', 'tier'] as const;
export type Grouping = (typeof groupings)[number];

/**
 * toLines lays rows out, which are in order: under a heading each if they are
 * grouped, without those of folded headings, with the segments of open objectives.
 */
export function toLines(rows: Row[], by: Grouping, folded: Set<string>, segments: Map<string, Budget[] | undefined>): Line[] {
  const lines: Line[] = [];
  const add = (row: Row) => {
    lines.push({ kind: 'objective', key: row.id, row, open: segments.has(row.id) });
    if (!segments.has(row.id)) return;
    const budgets = segments.get(row.id);
    if (!budgets) lines.push({ kind: 'waiting', key: row.id + '…', row });
    for (const budget of budgets ?? []) lines.push({ kind: 'segment', key: row.id + budget.id, row, budget });
  };
  if (by === '') {
    rows.forEach(add);
    return lines;
  }
  for (const [name, members] of Map.groupBy(rows, (row) => row[by])) {
    const isFolded = folded.has(name);
    lines.push({ kind: 'heading', key: '#' + name, name, rows: members, folded: isFolded });
    if (!isFolded) members.forEach(add);
  }
  return lines;
}
