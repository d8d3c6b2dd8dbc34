import type { DeliveredAlert } from '../../api/alert';
import type { Budget, Pair } from '../../api/budget';
import { float } from '../../api/number';
import { burn, errorRatio } from '../../format/number';
import { clock, duration } from '../../format/time';
import { outlook, paceOf } from './outlook';
import { seriesOf } from './selector';

interface AlertTableProps {
  budget: Budget;
  all: Budget[];
  alerts: DeliveredAlert[];
}

/** AlertTable shows every pair of windows against its threshold, and when it would fire. */
export function AlertTable({ budget, all, alerts }: AlertTableProps) {
  const labels = seriesOf(budget, all);
  const own = alerts.filter((a) => isOf(a, labels));
  const pace = paceOf(budget.pairs);
  const allowed = 1 - float(budget.target_ratio);
  return (
    <section>
      <h2>
        Alerts <span class="soft">burn rate and error ratio of both windows against the threshold; both must exceed it</span>
      </h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="alerts">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Severity</th>
              <th scope="col" class="num">
                Threshold
              </th>
              <th scope="col">Long window</th>
              <th scope="col">Short window</th>
              <th scope="col">{pace ? `At the pace of the last ${pace.window}` : 'Outlook'}</th>
            </tr>
          </thead>
          <tbody>
            {budget.pairs.map((p) => (
              <tr key={p.severity + p.long_window + p.short_window} class={p.holds ? 'holds' : ''}>
                <td>
                  <span class={'severity ' + p.severity}>{p.severity}</span>
                </td>
                <td class="num">{burn(float(p.threshold_burn_rate))}</td>
                <td>
                  <Gauge window={p.long_window} rate={p.long_burn_rate} pair={p} allowed={allowed} />
                </td>
                <td>
                  <Gauge window={p.short_window} rate={p.short_burn_rate} pair={p} allowed={allowed} />
                </td>
                <td>{verdict(p, own, pace?.burn ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Gauge is a burn rate as a share of its threshold. */
function Gauge({ window, rate, pair, allowed }: { window: string; rate: Pair['long_burn_rate']; pair: Pair; allowed: number }) {
  const value = float(rate);
  const threshold = float(pair.threshold_burn_rate);
  const share = Math.min(1, Math.max(0, value / threshold || 0));
  return (
    <span class={'gauge num' + (value > threshold ? ' over' : '')}>
      <span class="window">{window}</span>
      <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="rest" width="100" height="6" />
        <rect class="left" width={share * 100} height="6" />
      </svg>
      <span class="rate">{burn(value)}</span>
      <span class="soft">{errorRatio(value * allowed)}</span>
    </span>
  );
}

function verdict(pair: Pair, alerts: DeliveredAlert[], pace: number) {
  const firing = alerts.find((a) => a.state === 'firing' && (a.labels['sloth_severity'] ?? a.labels['severity']) === pair.severity);
  const look = outlook(pair, pace);
  if (look.kind === 'holds') {
    return firing ? <b class="over">fires since {clock(firing.fired_ms ?? 0)}</b> : <b class="over">holds; the alert is pending or held back</b>;
  }
  if (firing?.annotations['pair'] === pair.long_window + '/' + pair.short_window) {
    return <span>fires since {clock(firing.fired_ms ?? 0)}; no longer holds</span>;
  }
  if (look.kind === 'in') return <b class="warn">fires in {duration(look.seconds)}</b>;
  return <span class="soft">does not fire</span>;
}

/** isOf says whether an alert is the budget's own: a segment's is not its roll-up's. */
export function isOf(alert: DeliveredAlert, labels: Record<string, string>): boolean {
  return Object.entries(labels).every(([name, value]) => (alert.labels[name] ?? '') === value);
}
