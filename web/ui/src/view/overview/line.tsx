import { severityOf, standing, type Budget } from '../../api/budget';
import { float } from '../../api/number';
import type { Span } from '../../api/series';
import { Spark } from '../../chart/spark';
import { burn, ratio, target } from '../../format/number';
import { change, Link } from '../../navigate';
import { BudgetBar } from '../../part/budgetbar';
import { groupText } from '../../part/groups';
import { StateMark } from '../../part/state';
import type { Line } from './lines';
import type { Row } from './row';
import { remaining } from './segments';

function toggled(params: URLSearchParams, name: string, value: string): void {
  const had = params.getAll(name);
  change({ [name]: had.includes(value) ? had.filter((v) => v !== value) : [...had, value] });
}

interface HeadingProps {
  line: Line & { kind: 'heading' };
  index: number;
  columns: number;
  params: URLSearchParams;
}

export function HeadingLine({ line, index, columns, params }: HeadingProps) {
  const burning = line.rows.filter((row) => row.state === 'burning').length;
  return (
    <tr class="heading" aria-rowindex={index + 2}>
      <th scope="rowgroup" colSpan={columns}>
        <button type="button" aria-expanded={!line.folded} onClick={() => toggled(params, 'fold', line.name)}>
          <span class="clip">{line.name || 'none'}</span> <span class="soft num">{line.rows.length}</span>
          {burning > 0 && <span class="state burning">{burning} burning</span>}
        </button>
      </th>
    </tr>
  );
}

interface ObjectiveProps {
  row: Row;
  open: boolean;
  index: number;
  span: Span;
  params: URLSearchParams;
}

export function ObjectiveLine({ row, open, index, span, params }: ObjectiveProps) {
  const s = row.summary;
  const groups = Object.fromEntries((s.by ?? []).map((name) => [name, '']));
  const labels = { service: s.service, slo: s.slo, window: s.window, ...groups };
  return (
    <tr aria-rowindex={index + 2}>
      <th scope="row" class="name">
        {s.segments ? (
          <button
            type="button"
            class="fold"
            aria-expanded={open}
            aria-label={`${s.segments} segments`}
            title={`${s.segments} segments`}
            onClick={() => toggled(params, 'open', row.id)}
          />
        ) : (
          <span class="fold" />
        )}
        <Link view="objective" params={{ service: s.service, slo: s.slo }} class="clip" title={s.service + '/' + s.slo}>
          <span class="soft">{s.service}/</span>
          {s.slo}
        </Link>
      </th>
      <td class="c-state">
        <StateMark state={row.state} alert={s.alert} />
      </td>
      <td class="c-left">
        <BudgetBar remaining={row.remaining} known={row.known} />
      </td>
      <td class="c-trend">{row.known && <Spark of={{ labels, span }} />}</td>
      <td class={'num c-burn' + (row.nearness >= 1 ? ' over' : '')} title={s.burn_window && `burn rate over ${s.burn_window}`}>
        {row.known ? burn(row.burn) : '—'}
      </td>
      <td class="c-worst">
        {s.worst ? (
          <span class="clip" title={groupText(s.worst.groups)}>
            {groupText(s.worst.groups)} <span class="soft num">{ratio(row.worst)}</span>
          </span>
        ) : (
          s.reason && (
            <span class="clip soft" title={s.reason}>
              {s.reason}
            </span>
          )
        )}
      </td>
      <td class="num c-target">{target(row.target)}</td>
      <td class={'num c-coverage' + (row.coverage < 0.99 ? ' thin' : '')}>{row.known ? ratio(row.coverage) : '—'}</td>
      <td class="c-owner">
        <span class="clip" title={row.owner}>
          {row.owner}
        </span>
      </td>
      <td class="c-tier">
        <span class="clip">{row.tier}</span>
      </td>
    </tr>
  );
}

export function SegmentLine({ row, budget, index, span }: { row: Row; budget: Budget; index: number; span: Span }) {
  const text = groupText(budget.groups);
  const labels = { ...budget.labels, window: row.summary.window };
  const first = budget.windows[0];
  const shortest = budget.pairs[0];
  return (
    <tr class="segment" aria-rowindex={index + 2}>
      <th scope="row" class="name">
        <span class="fold" />
        <Link view="objective" params={{ service: row.service, slo: row.slo, segment: budget.id }} class="clip" title={text}>
          {text}
        </Link>
      </th>
      <td class="c-state">
        <StateMark state={standing(budget)} alert={severityOf(budget)} />
      </td>
      <td class="c-left">
        <BudgetBar remaining={remaining(budget)} known={first !== undefined} />
      </td>
      <td class="c-trend">{first && <Spark of={{ labels, span }} />}</td>
      <td class={'num c-burn' + (shortest?.holds ? ' over' : '')}>{shortest ? burn(float(shortest.short_burn_rate)) : '—'}</td>
      <td class="c-worst" />
      <td class="c-target" />
      <td class="num c-coverage">{first ? ratio(float(first.coverage_ratio)) : '—'}</td>
      <td class="c-owner" />
      <td class="c-tier" />
    </tr>
  );
}

export function WaitingLine({ index, columns }: { index: number; columns: number }) {
  return (
    <tr class="segment" aria-rowindex={index + 2}>
      <td colSpan={columns}>Loading segments…</td>
    </tr>
  );
}
