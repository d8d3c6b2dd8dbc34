import { useLayoutEffect } from 'preact/hooks';
import type { Span } from '../../api/series';
import { events } from '../../format/number';
import { useRowHeight, useVisible, VirtualBody } from '../../list/virtual';
import { change } from '../../navigate';
import type { Line } from './lines';
import { HeadingLine, ObjectiveLine, SegmentLine, WaitingLine } from './line';
import { moveBetweenRows } from './keys';

const columns = [
  { key: 'name', title: 'Objective' },
  { key: 'urgency', title: 'State' },
  { key: 'left', title: 'Budget left' },
  { key: '', title: 'Trend' },
  { key: 'burn', title: 'Burn now', num: true },
  { key: 'worst', title: 'Worst segment' },
  { key: 'target', title: 'Target', num: true },
  { key: 'coverage', title: 'Coverage', num: true },
  { key: 'owner', title: 'Owner' },
  { key: 'tier', title: 'Tier' },
];

interface TableProps {
  lines: Line[];
  total: number;
  sort: string;
  span: Span;
  params: URLSearchParams;
}

/** Table draws the lines in sight. */
export function Table({ lines, total, sort, span, params }: TableProps) {
  const rowHeight = useRowHeight();
  const drawn = useVisible(lines.length, rowHeight);
  useLayoutEffect(() => void performance.mark('rows'), []); // For those who measure how soon.
  return (
    <table class="list" aria-rowcount={lines.length + 1} onKeyDown={moveBetweenRows}>
      <caption class="sr">{events(total)} objectives</caption>
      <colgroup>
        {columns.map((c) => (
          <col key={c.title} class={'c-' + c.title.toLowerCase().replace(' ', '-')} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map((c) => (
            <SortHeading key={c.title} name={c.key} title={c.title} num={c.num ?? false} sort={sort} />
          ))}
        </tr>
      </thead>
      <VirtualBody rows={lines} rowHeight={rowHeight} columns={columns.length} drawn={drawn}>
        {(line, i) => <DrawnLine key={line.key} line={line} index={i} span={span} params={params} />}
      </VirtualBody>
    </table>
  );
}

interface LineProps {
  line: Line;
  index: number;
  span: Span;
  params: URLSearchParams;
}

function DrawnLine({ line, index, span, params }: LineProps) {
  switch (line.kind) {
    case 'heading':
      return <HeadingLine line={line} index={index} columns={columns.length} params={params} />;
    case 'objective':
      return <ObjectiveLine row={line.row} open={line.open} index={index} span={span} params={params} />;
    case 'segment':
      return <SegmentLine row={line.row} budget={line.budget} index={index} span={span} />;
    case 'waiting':
      return <WaitingLine index={index} columns={columns.length} />;
  }
}

function SortHeading({ name, title, sort, num }: { name: string; title: string; sort: string; num: boolean }) {
  const direction = sort === name ? 'ascending' : sort === '-' + name ? 'descending' : undefined;
  const cell = num ? 'num' : '';
  if (!name) return <th scope="col">{title}</th>;
  return (
    <th scope="col" class={cell} aria-sort={direction}>
      <button type="button" onClick={() => change({ sort: sort === name ? '-' + name : name })}>
        {title}
        <span class="arrow" aria-hidden="true">
          {direction === 'ascending' ? '▾' : direction === 'descending' ? '▴' : ''}
        </span>
      </button>
    </th>
  );
}
