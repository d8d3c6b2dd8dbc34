import { useMemo } from 'preact/hooks';
import { severityOf, standing, type Budget } from '../../api/budget';
import { float } from '../../api/number';
import { burn, events, ratio } from '../../format/number';
import { useRowHeight, useVisible, VirtualBody } from '../../list/virtual';
import { Link } from '../../navigate';
import { BudgetBar } from '../../part/budgetbar';
import { groupText } from '../../part/groups';
import { StateMark } from '../../part/state';
import { byBlame, type Blamed } from './blame';
import { paceOf } from './outlook';

/** Segments ranks the segments by their share of the objective's bad events. */
export function Segments({ budgets, chosen }: { budgets: Budget[]; chosen: Budget | undefined }) {
  const blamed = useMemo(() => byBlame(budgets), [budgets]);
  const rowHeight = useRowHeight();
  const drawn = useVisible(blamed.length, rowHeight);
  return (
    <section>
      <h2>
        Segments <span class="soft">{blamed.length}, by their share of the bad events</span>
      </h2>
      <table class="list segments" aria-rowcount={blamed.length + 1}>
        <thead>
          <tr>
            <th scope="col">Segment</th>
            <th scope="col">State</th>
            <th scope="col">Budget left</th>
            <th scope="col">Blame</th>
            <th scope="col" class="num">
              Bad events
            </th>
            <th scope="col" class="num">
              Burn now
            </th>
          </tr>
        </thead>
        <VirtualBody rows={blamed} rowHeight={rowHeight} columns={6} drawn={drawn}>
          {(row, i) => <SegmentRow key={row.budget.id} row={row} index={i} current={row.budget === chosen} />}
        </VirtualBody>
      </table>
    </section>
  );
}

function SegmentRow({ row, index, current }: { row: Blamed; index: number; current: boolean }) {
  const { budget } = row;
  const text = groupText(budget.groups);
  const pace = paceOf(budget.pairs);
  const first = budget.windows[0];
  return (
    <tr aria-rowindex={index + 2} class={current ? 'current' : ''}>
      <th scope="row" class="name">
        <span class="fold" />
        <Link view="objective" params={{ service: budget.service, slo: budget.slo, segment: budget.id }} class="clip" title={text} current={current}>
          {text}
        </Link>
      </th>
      <td class="c-state">
        <StateMark state={standing(budget)} alert={severityOf(budget)} />
      </td>
      <td class="c-left">
        <BudgetBar remaining={float(first?.remaining_ratio)} known={first !== undefined} />
      </td>
      <td class="c-worst">
        <span class="budget">
          <svg class="bar blame" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="rest" width="100" height="6" />
            <rect class="left" width={row.share * 100} height="6" />
          </svg>
          <span class="num">{ratio(row.share)}</span>
        </span>
      </td>
      <td class="num c-target">{events(row.bad)}</td>
      <td class={'num c-burn' + (budget.pairs.some((p) => p.holds) ? ' over' : '')}>{pace ? burn(pace.burn) : '—'}</td>
    </tr>
  );
}
