import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ask } from '../../api/ask';
import { usePoll } from '../../api/poll';
import { states } from '../../api/state';
import type { Summaries } from '../../api/summary';
import { spanOf } from '../../chart/span';
import { change } from '../../navigate';
import { Notice } from '../../part/notice';
import { countStates, readFilter, selects } from './filter';
import { Filters } from './filters';
import { groupings, toLines, type Grouping } from './lines';
import { order } from './order';
import { toRow } from './row';
import { useSegments } from './segments';
import { Table } from './table';

const sparkPoints = 60;

/** Overview lists every objective. The address says which, in which order and how folded. */
export function Overview({ params }: { params: URLSearchParams }) {
  const polled = usePoll('summary', 5000, (signal) => ask<Summaries>('api/slo/v1/summary', {}, signal));
  const rows = useMemo(() => polled.data?.objectives.map(toRow) ?? [], [polled.data]);
  const address = params.toString();
  const filter = useMemo(() => readFilter(params), [address]);
  const matching = useMemo(() => rows.filter((row) => selects(filter, row)), [rows, filter]);
  const sort = params.get('sort') ?? 'urgency';
  const shown = useMemo(() => {
    const chosen = filter.states.length === 0 ? matching : matching.filter((row) => filter.states.includes(row.state));
    return order(chosen, sort);
  }, [matching, filter, sort]);

  const by = groupings.find((g) => g === params.get('group')) ?? '';
  const open = params.getAll('open');
  const segments = useSegments(rows.filter((row) => open.includes(row.id)));
  const lines = useMemo(
    () => toLines(shown, by as Grouping, new Set(params.getAll('fold')), segments),
    [shown, by, address, segments],
  );
  const span = spanOf(params, '7d', Date.now(), sparkPoints);

  const search = useRef<HTMLInputElement>(null);
  useEffect(() => focusOnSlash(search), []);

  return (
    <>
      <h1 class="sr">Overview</h1>
      {polled.error && <Notice failure={polled.error} what="the list of objectives" stale={polled.data !== undefined} />}
      <Filters params={params} rows={rows} counts={countStates(matching)} search={search} />
      {polled.data && rows.length === 0 && <Empty />}
      {rows.length > 0 && shown.length === 0 && (
        <p class="empty">
          No objective matches.{' '}
          <button type="button" class="plain" onClick={() => change({ q: '', owner: '', tier: '', state: '' })}>
            Clear the filters
          </button>
        </p>
      )}
      {shown.length > 0 && <Table lines={lines} total={shown.length} sort={sort} span={span} params={params} />}
      {!polled.data && !polled.error && <p class="empty">Loading…</p>}
    </>
  );
}

function Empty() {
  return (
    <div class="empty">
      <p>
        <b>No objective yet.</b> Name SLO files under <code>slo_files</code> in the configuration, then reload. <code>slowburn check</code>{' '}
        says what is wrong with a file, line by line.
      </p>
      <p>States an objective can be in: {states.join(', ')}.</p>
    </div>
  );
}

function focusOnSlash(search: { current: HTMLInputElement | null }): () => void {
  const onKey = (e: KeyboardEvent) => {
    const at = e.target as HTMLElement;
    if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || at.matches('input, select, textarea')) return;
    e.preventDefault();
    search.current?.focus();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}
