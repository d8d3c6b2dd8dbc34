import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock } from '../format/time';
import type { Mark } from './marks';
import { drawLines, drawMarks, type Line } from './overlay';
import { tickTexts } from './ticks';

/** Curve is one line of a chart. Its colour is the name of a custom property. */
export interface Curve {
  label: string;
  colour: string;
  values: (number | null)[];
  /** right curves have the scale on the right. */
  right?: boolean;
  fill?: boolean;
}

export interface PlotProps {
  title: string;
  /** note says in words what a reader who sees no chart has to know. */
  note: string;
  times: number[];
  curves: Curve[];
  lines?: Line[];
  marks?: Mark[];
  /** format writes a value at the cursor, tick one at an axis. */
  format: (value: number) => string;
  tick: (value: number) => string;
  /** floor and ceiling are values that the left scale always holds. */
  floor?: number;
  ceiling?: number;
  /** zoom is told the stretch that was dragged over, s. */
  zoom: (from: number, to: number) => void;
}

const height = 170;

/** Plot is a chart over time. Charts of one page share their cursor. */
export function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const at = box.current;
    if (!at) return;
    let plot = draw(at, latest);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => {
      plot.destroy();
      plot = draw(at, latest);
    };
    dark.addEventListener('change', redraw);
    const resized = new ResizeObserver(() => plot.setSize({ width: at.clientWidth, height }));
    resized.observe(at);
    return () => {
      dark.removeEventListener('change', redraw);
      resized.disconnect();
      plot.destroy();
    };
  }, [props.times, props.curves, props.marks, props.lines]);

  return (
    <figure class="plot">
      <figcaption>
        <h2>{props.title}</h2>
        <span class="soft">{props.note}</span>
      </figcaption>
      <div ref={box} />
    </figure>
  );
}

type Latest = { current: PlotProps };

function draw(at: HTMLElement, latest: Latest): uPlot {
  const p = latest.current;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue('--' + name).trim();
  const show = (_: uPlot, v: number | null) => (v == null ? '—' : p.format(v));
  const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font: '11.5px system-ui' };
  const options: uPlot.Options = {
    width: at.clientWidth || 600,
    height,
    cursor: { sync: { key: 'slowburn' }, drag: { x: true, y: false }, points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_, low, high) => holding(p, low, high) }, right: { range: (_, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    series: [
      { label: 'at', value: (_, v) => (v == null ? '—' : clock(v * 1000)) },
      ...p.curves.map((c) => ({
        label: c.label,
        stroke: colour(c.colour),
        width: 1.5,
        scale: c.right ? 'right' : 'y',
        value: show,
        points: { show: false },
        ...(c.fill ? { fill: colour(c.colour) + '22' } : {}),
      })),
    ],
    axes: [
      { ...axis, size: 28, space: 70, values: (_, ticks) => tickTexts(ticks) },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((t) => p.tick(t)) },
      ...(p.curves.some((c) => c.right)
        ? [{ ...axis, scale: 'right', side: 1 as const, size: 58, grid: { show: false }, values: (_: uPlot, ticks: number[]) => ticks.map((t) => p.tick(t)) }]
        : []),
    ],
    hooks: {
      draw: [(u) => drawLines(u, latest.current.lines ?? [], colour), (u) => drawMarks(u, latest.current.marks ?? [], colour)],
      setSelect: [
        (u) => {
          if (u.select.width < 8) return;
          latest.current.zoom(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
        },
      ],
    },
  };
  return new uPlot(options, [p.times, ...p.curves.map((c) => c.values)] as uPlot.AlignedData, at);
}

function holding(p: PlotProps, low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(low ?? 0, p.floor ?? Infinity);
  const top = Math.max(high ?? 1, p.ceiling ?? -Infinity);
  const room = (top - bottom || 1) * 0.06;
  return [bottom === 0 ? 0 : bottom - room, top + room];
}
