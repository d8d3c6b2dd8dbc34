// Which rows of a long list are drawn.

export interface Range {
  from: number;
  to: number;
}

/**
 * visible is the rows that a view of the given height shows at scroll, with margin
 * rows more on either side, so that neither scrolling nor Tab meets an end too soon.
 */
export function visible(count: number, rowHeight: number, scroll: number, height: number, margin = 12): Range {
  const first = Math.floor(scroll / rowHeight);
  const last = Math.ceil((scroll + height) / rowHeight);
  const from = Math.max(0, Math.min(count, first - margin));
  return { from, to: Math.max(from, Math.min(count, last + margin)) };
}
