import { useMemo } from 'preact/hooks';
import { ask, Failure } from '../../api/ask';
import type { Budget } from '../../api/budget';
import { float } from '../../api/number';
import { usePoll } from '../../api/poll';
import type { Releases } from '../../api/release';
import { queryRange, type Series, type Span } from '../../api/series';
import { align, grid, perSecond } from '../../chart/align';
import { targetChanges, type Mark } from '../../chart/marks';
import { Plot } from '../../chart/plot';
import { rangeFor, ranges, spanOf } from '../../chart/span';
import { burn, percent, ratio, rounded, short } from '../../format/number';
import { clock } from '../../format/time';
import { change } from '../../navigate';
import { Notice } from '../../part/notice';
import { select } from '../../promql/select';
import { seriesOf } from './selector';

const points = 300;
const colours = ['chart-1', 'chart-2', 'chart-3', 'chart-4', 'fill'];

interface Drawn {
  span: Span;
  left: Series | undefined;
  targets: Series | undefined;
  burns: Series[];
  bad: Series | undefined;
  total: Series | undefined;
  releases: Mark[];
}

/** load asks all that the charts show, one query after the other: slowburn has few slots. */
async function load(budget: Budget, all: Budget[], span: Span, signal: AbortSignal): Promise<Drawn> {
  const labels = seriesOf(budget, all);
  const window = budget.windows[0]?.window ?? '30d';
  const one = async (query: string) => (await queryRange(query, span, signal))[0];
  const left = await one(select('slo_error_budget_remaining_ratio', { ...labels, window }));
  const burns = await queryRange(select('slo_burn_rate', labels), span, signal);
  const bad = await one(`sum(${select('slo_bad_events_total', labels)})`);
  const total = await one(`sum(${select('slo_events_total', labels)})`);
  const targets = await one(select('slo_objective_ratio', { ...labels, window }));
  return { span, left, burns, bad, total, targets, releases: await releases(budget.service, span, signal) };
}

async function releases(service: string, span: Span, signal: AbortSignal): Promise<Mark[]> {
  try {
    const found = await ask<Releases>('api/slo/v1/releases', { service, start: span.from, end: span.to }, signal);
    return found.releases.map((r) => ({ at: r.time_ms / 1000, kind: 'release', text: 'release ' + r.version }));
  } catch (err) {
    if (err instanceof Failure) return []; // Charts without marks are better than none.
    throw err;
  }
}

interface ChartsProps {
  budget: Budget;
  all: Budget[];
  params: URLSearchParams;
}

/** Charts are the past of a budget over the time range of the address. */
export function Charts({ budget, all, params }: ChartsProps) {
  const window = budget.windows[0]?.window ?? '30d';
  const most = ranges.includes(window as (typeof ranges)[number]) ? window : '30d';
  const standard = rangeFor((Date.now() - budget.data_since_ms) / 1000, most);
  const span = spanOf(params, standard, Date.now(), points);
  const polled = usePoll(budget.data_time_ms > 0 ? budget.id + params.toString() : undefined, 15_000, (signal) => load(budget, all, span, signal));
  return (
    <section aria-label="charts">
      <div class="ranges" role="group" aria-label="time range">
        <h2>Over time</h2>
        {ranges.map((r) => (
          <button
            key={r}
            type="button"
            class="chip"
            aria-pressed={!params.get('from') && (params.get('range') ?? standard) === r}
            onClick={() => change({ range: r, from: '', to: '' }, false)}
          >
            {r}
          </button>
        ))}
        {params.get('from') && (
          <span class="soft num">
            {clock(span.from * 1000)} – {clock(span.to * 1000)}
          </span>
        )}
        <span class="soft hint">drag over a chart to look closer</span>
      </div>
      {polled.error && <Notice failure={polled.error} what="the charts" stale={polled.data !== undefined} />}
      {polled.data ? <Plots drawn={polled.data} budget={budget} window={window} /> : budget.data_time_ms > 0 && <p class="soft">Loading…</p>}
    </section>
  );
}

function Plots({ drawn, budget, window }: { drawn: Drawn; budget: Budget; window: string }) {
  const { span } = drawn;
  const charts = useMemo(() => {
    const marks = [...drawn.releases, ...targetChanges(drawn.targets)];
    const shown = budget.pairs.map((p) => p.long_window).filter((w, i, list) => list.indexOf(w) === i);
    const burns = shown.map((w, i) => ({
      label: w,
      colour: colours[i % colours.length]!,
      values: align(drawn.burns.find((s) => s.labels['window'] === w), span),
    }));
    const lines = budget.pairs.map((p) => ({
      at: float(p.threshold_burn_rate),
      colour: colours[shown.indexOf(p.long_window) % colours.length]!,
    }));
    return {
      marks,
      burns,
      lines,
      times: grid(span),
      left: [{ label: 'left', colour: 'chart-1', values: align(drawn.left, span), fill: true }],
      events: [
        { label: 'events/s', colour: 'fill', values: perSecond(align(drawn.total, span), span.step) },
        { label: 'bad/s', colour: 'bad', values: perSecond(align(drawn.bad, span), span.step), right: true, fill: true },
      ],
    };
  }, [drawn, budget.id]);
  const zoom = (from: number, to: number) => change({ from: String(Math.round(from * 1000)), to: String(Math.round(to * 1000)) }, false);
  const last = charts.left[0]!.values.findLast((v) => v !== null);
  return (
    <div class="plots">
      <Plot
        title="Budget left"
        note={`of ${window}${last == null ? '' : ', last ' + ratio(last)}`}
        times={charts.times}
        curves={charts.left}
        marks={charts.marks}
        lines={zeroLine}
        format={ratio}
        tick={percent}
        floor={0}
        ceiling={1}
        zoom={zoom}
      />
      <MarkList marks={charts.marks} />
      <Plot
        title="Burn rate"
        note="by window; dashes are thresholds"
        times={charts.times}
        curves={charts.burns}
        lines={charts.lines}
        marks={charts.marks}
        format={burn}
        tick={burn}
        floor={0}
        ceiling={1}
        zoom={zoom}
      />
      <Plot
        title="Events"
        note={`per second; bad events on the right, at most ${rounded(Math.max(0, ...charts.events[1]!.values.map((v) => v ?? 0)))}/s`}
        times={charts.times}
        curves={charts.events}
        marks={charts.marks}
        format={short}
        tick={short}
        floor={0}
        zoom={zoom}
      />
    </div>
  );
}

const zeroLine = [{ at: 0, colour: 'bad' }];

/** MarkList says in words what the marks on the charts are. */
function MarkList({ marks }: { marks: Mark[] }) {
  if (marks.length === 0) return null;
  return (
    <ul class="marks">
      {marks.slice(0, 12).map((m) => (
        <li key={m.at + m.text} class={m.kind}>
          <span class="num soft">{clock(m.at * 1000)}</span> <span class="clip">{m.text}</span>
        </li>
      ))}
      {marks.length > 12 && <li class="soft">and {marks.length - 12} more</li>}
    </ul>
  );
}

