import type { DeliveredAlert, Delivery } from '../../api/alert';
import { float } from '../../api/number';
import { burn, events, ratio } from '../../format/number';
import { ago, clock, duration } from '../../format/time';
import { Link } from '../../navigate';
import { Outside } from '../../part/outside';
import type { Burning } from './burning';

/** identity are labels that the title says, or nobody reads at night. */
const identity = new Set(['alertname', 'severity', 'sloth_severity', 'service', 'slo', 'window', 'tier', 'owner', 'decision_owner']);

/** Card is one budget that burns: what, how fast, how much is left, what to do, who knows. */
export function Card({ burning }: { burning: Burning }) {
  const { budget, alerts } = burning;
  const first = alerts[0];
  const labels = budget?.labels ?? first?.labels ?? {};
  const groups = Object.entries(labels).filter(([name]) => !identity.has(name));
  const window = budget?.windows[0];
  const notes = first?.annotations ?? {};
  const service = labels['service'];
  const slo = labels['slo'];
  return (
    <article class={'card ' + (first?.state === 'resolved' ? 'over-now' : burning.page ? 'page' : '')}>
      <header>
        <h2>
          {service && slo ? (
            <Link view="objective" params={{ service, slo, segment: groups.length > 0 && budget ? budget.id : '' }}>
              {service}/{slo}
            </Link>
          ) : (
            <span>{labels['alertname']}</span>
          )}
          {groups.length > 0 && <span class="segment"> {groups.map(([n, v]) => `${n}=${v}`).join(', ')}</span>}
        </h2>
        {alerts.map((a) => (
          <Severity key={a.labels['severity'] ?? ''} alert={a} />
        ))}
        {alerts.length === 0 && <span class="soft">condition holds; no alert of its own fires</span>}
        <Outside url={budget?.runbook ?? notes['runbook_url'] ?? notes['runbook']}>Runbook</Outside>
        <Outside url={budget?.dashboard}>Dashboard</Outside>
      </header>
      {window && (
        <p class="num facts-line">
          <b class="over">{ratio(burning.risk)}</b> of the budget per hour · <b>{ratio(float(window.remaining_ratio))}</b> of {window.window} left
          {Number.isFinite(float(window.time_to_exhaustion_seconds)) && <> · spent in {duration(float(window.time_to_exhaustion_seconds))}</>} ·{' '}
          {events(float(window.bad_events))} bad events
        </p>
      )}
      {notes['summary'] && <p class="summary">{notes['summary']}</p>}
      {notes['description'] && <p class="soft">{notes['description']}</p>}
      <dl class="facts">
        {notes['decision_owner'] && (
          <>
            <dt>Decides</dt>
            <dd>{notes['decision_owner']}</dd>
          </>
        )}
        {notes['worst_segment'] && (
          <>
            <dt>Worst segment</dt>
            <dd>{notes['worst_segment']}</dd>
          </>
        )}
        {alerts.flatMap((a) => a.deliveries.map((d) => <DeliveryLine key={a.labels['severity'] + d.target} alert={a} delivery={d} />))}
      </dl>
      {alerts.some((a) => a.deliveries.length === 0) && first?.state === 'firing' && <p class="over">No Alertmanager has been told.</p>}
    </article>
  );
}

function Severity({ alert }: { alert: DeliveredAlert }) {
  const severity = alert.labels['sloth_severity'] ?? alert.labels['severity'] ?? '';
  return (
    <span>
      <span class={'severity ' + severity}>{severity}</span>{' '}
      <span class="soft num">
        {alert.state === 'resolved'
          ? `fired ${clock(alert.fired_ms ?? 0)}, resolved ${clock(alert.resolved_ms ?? 0)}`
          : `since ${clock(alert.fired_ms ?? 0)}, ${ago(alert.fired_ms ?? 0, Date.now())}, ${burn(float(alert.value))}`}
      </span>
    </span>
  );
}

function DeliveryLine({ alert, delivery }: { alert: DeliveredAlert; delivery: Delivery }) {
  return (
    <>
      <dt>Told</dt>
      <dd>
        <span class="mono">{host(delivery.target)}</span> {heard(alert, delivery)}
        {delivery.bare && <span class="warn"> only without annotations</span>}
      </dd>
    </>
  );
}

function heard(alert: DeliveredAlert, d: Delivery) {
  if (d.dropped) return <span class="soft">kept from it by relabelling</span>;
  if (d.refusal) return <span class="over">refuses it: {d.refusal}</span>;
  if (alert.state === 'resolved' && alert.held_until_ms) return <span class="soft">is told of no end that nobody saw</span>;
  if (alert.state === 'resolved') {
    return d.resolved_acked_ms ? <span>acknowledged its end at {clock(d.resolved_acked_ms)}</span> : <span class="over">does not know that it ended</span>;
  }
  return d.firing_acked_ms ? <span>acknowledged at {clock(d.firing_acked_ms)}</span> : <span class="over">has not acknowledged</span>;
}

function host(target: string): string {
  try {
    return new URL(target).host;
  } catch {
    return target;
  }
}
