import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { visible, type Range } from './visible';

/** useRowHeight is the height of a list's rows, px, as style/list.css sets it for this screen. */
export function useRowHeight(): number {
  const read = () => (matchMedia('(max-width: 720px)').matches ? 84 : 38);
  const [height, setHeight] = useState(read);
  useLayoutEffect(() => {
    const update = () => setHeight(read());
    addEventListener('resize', update);
    return () => removeEventListener('resize', update);
  }, []);
  return height;
}

interface Drawn extends Range {
  body: RefObject<HTMLTableSectionElement | null>;
}

/** useVisible watches the page's scrolling and says which rows of a table's body to draw. */
export function useVisible(count: number, rowHeight: number): Drawn {
  const body = useRef<HTMLTableSectionElement>(null);
  const [range, setRange] = useState<Range>({ from: 0, to: Math.min(count, 60) });
  useLayoutEffect(() => {
    const main = document.getElementById('main');
    if (!main || !body.current) return;
    const update = () => {
      if (!body.current) return;
      const top = body.current.getBoundingClientRect().top - main.getBoundingClientRect().top;
      const next = visible(count, rowHeight, Math.max(0, -top), main.clientHeight);
      setRange((old) => (old.from === next.from && old.to === next.to ? old : next));
    };
    update();
    main.addEventListener('scroll', update, { passive: true });
    addEventListener('resize', update);
    return () => {
      main.removeEventListener('scroll', update);
      removeEventListener('resize', update);
    };
  }, [count, rowHeight]);
  return { ...range, to: Math.min(range.to, count), from: Math.min(range.from, count), body };
}

interface BodyProps<T> {
  rows: T[];
  rowHeight: number;
  columns: number;
  /** from and to as useVisible said. */
  drawn: Drawn;
  children: (row: T, index: number) => ComponentChildren;
}

/** VirtualBody draws the visible rows between two that stand for all others. */
export function VirtualBody<T>({ rows, rowHeight, columns, drawn, children }: BodyProps<T>) {
  return (
    <tbody ref={drawn.body}>
      {drawn.from > 0 && <Gap rows={drawn.from} rowHeight={rowHeight} columns={columns} />}
      {rows.slice(drawn.from, drawn.to).map((row, i) => children(row, drawn.from + i))}
      {drawn.to < rows.length && <Gap rows={rows.length - drawn.to} rowHeight={rowHeight} columns={columns} />}
    </tbody>
  );
}

function Gap({ rows, rowHeight, columns }: { rows: number; rowHeight: number; columns: number }) {
  return (
    <tr class="gap" aria-hidden="true">
      <td colSpan={columns} style={{ height: rows * rowHeight + 'px' }} />
    </tr>
  );
}
