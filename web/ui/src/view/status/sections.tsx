import type { ComponentChildren } from 'preact';
import { float } from '../../api/number';
import type { Status } from '../../api/status';
import { bytes, events, rounded } from '../../format/number';
import { clock, duration } from '../../format/time';

interface SectionProps {
  title: string;
  facts: [string, ComponentChildren][];
}

function Section({ title, facts }: SectionProps) {
  return (
    <section>
      <h2>{title}</h2>
      <dl class="facts num">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

const reasons: Record<string, string> = {
  unneeded: 'that no objective needs',
  unelected: 'of the replica not elected',
  duplicate: 'sent twice',
  overlap: 'of both replicas at a switch',
  unconfirmed: 'that fell at a switch of replicas, until a second one fell',
};

/** Ingest shows what came in since the process began, and what became of it. */
export function Ingest({ status }: { status: Status }) {
  const i = status.ingest;
  return (
    <Section
      title="Ingest"
      facts={[
        ['Series seen', events(float(i.series_seen))],
        ['Series counted', events(float(i.series_kept))],
        ['Samples received', events(float(i.samples_received_total))],
        ['Samples stored', events(float(i.samples_stored_total))],
        ...Object.entries(i.samples_dropped_total).map(([reason, n]): [string, ComponentChildren] => [
          'Dropped: ' + (reasons[reason] ?? reason.replaceAll('_', ' ')),
          <span class={reason in reasons ? '' : 'over'}>{events(float(n))}</span>,
        ]),
        ...Object.entries(i.requests_total).map(([code, n]): [string, ComponentChildren] => [
          'Requests answered ' + code,
          <span class={code.startsWith('2') ? '' : 'over'}>{events(float(n))}</span>,
        ]),
      ]}
    />
  );
}

/** Limits shows those that were hit. */
export function Limits({ status }: { status: Status }) {
  if (status.limits.length === 0) return <Section title="Limits" facts={[['Hit', 'none since the start']]} />;
  return (
    <Section
      title="Limits"
      facts={status.limits.map((l): [string, ComponentChildren] => [l.name, <span class="over">{events(float(l.hits_total))}</span>])}
    />
  );
}

/** Cost shows what slowburn takes, in all and per budget. */
export function Cost({ status }: { status: Status }) {
  const { process, engine } = status;
  const up = (status.now_ms - process.start_ms) / 1000;
  const cpu = float(process.cpu_seconds_total);
  return (
    <Section
      title="Cost"
      facts={[
        ['Version', [status.version, status.revision?.slice(0, 8)].filter(Boolean).join(' ')],
        ['Running', `${duration(up)}, since ${clock(process.start_ms, status.now_ms)}`],
        ['Objectives', events(engine.objectives)],
        ['Budgets', events(float(engine.budgets))],
        ['Memory', `${bytes(float(process.resident_bytes))} resident`],
        ['Memory per budget', bytes(float(process.resident_bytes_per_budget)) + ', all told'],
        ['CPU', `${rounded(cpu)} s, ${rounded((cpu / Math.max(up, 1)) * 100)} % of one core`],
        ['Evaluations', `${events(float(engine.evaluations_total))}, ${rounded(float(engine.seconds_per_evaluation) * 1e6)} µs each`],
        ['Errors while evaluating', <span class={float(engine.errors_total) > 0 ? 'over' : ''}>{events(float(engine.errors_total))}</span>],
      ]}
    />
  );
}

/** Databases shows whether there is room. */
export function Databases({ status }: { status: Status }) {
  return (
    <Section
      title="Databases"
      facts={status.databases.map((d): [string, ComponentChildren] => [
        d.name,
        <span class={d.writable ? '' : 'over'}>
          {d.writable ? 'writable' : 'not writable: the disk is nearly full'}, {bytes(float(d.disk_free_bytes))} free, writing stops at{' '}
          {bytes(float(d.disk_floor_bytes))}
        </span>,
      ])}
    />
  );
}
