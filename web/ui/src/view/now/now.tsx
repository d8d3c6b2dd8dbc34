import type { Alerts } from '../../api/alert';
import { ask } from '../../api/ask';
import type { Budgets } from '../../api/budget';
import { usePoll } from '../../api/poll';
import { Link } from '../../navigate';
import { Notice } from '../../part/notice';
import { Demo } from '../demo/demo';
import { inOrder } from './burning';
import { Card } from './card';

/** NowView shows what burns, in the order of budget at risk. */
export function NowView({ demo }: { demo: boolean }) {
  const budgets = usePoll('burning', 5000, (signal) => ask<Budgets>('api/slo/v1/budgets', { state: 'burning' }, signal));
  const alerts = usePoll('alerts', 5000, (signal) => ask<Alerts>('api/slo/v1/alerts', {}, signal));
  const firing = alerts.data?.alerts.filter((a) => a.state === 'firing' && a.labels['severity'] !== 'none') ?? [];
  const burning = inOrder(budgets.data?.budgets ?? [], firing);
  const resolved = alerts.data?.alerts.filter((a) => a.state === 'resolved') ?? [];
  const known = budgets.data && alerts.data;
  return (
    <>
      <h1>Now</h1>
      {demo && <Demo />}
      {budgets.error && <Notice failure={budgets.error} what="what burns" stale={budgets.data !== undefined} />}
      {alerts.error && <Notice failure={alerts.error} what="the alerts" stale={alerts.data !== undefined} />}
      {known && burning.length === 0 && (
        <p class="empty">
          <b>Nothing burns.</b> No alert fires. <Link view="overview">All objectives</Link>
        </p>
      )}
      {burning.slice(0, 100).map((b) => (
        <Card key={b.key} burning={b} />
      ))}
      {burning.length > 100 && <p class="soft">and {burning.length - 100} more: see the overview.</p>}
      {resolved.length > 0 && <Resolved alerts={resolved.slice(0, 20)} />}
      {!known && !budgets.error && !alerts.error && <p class="empty">Loading…</p>}
    </>
  );
}

function Resolved({ alerts }: { alerts: Alerts['alerts'] }) {
  return (
    <section class="resolved">
      <h2>Resolved lately</h2>
      {alerts.map((a) => (
        <Card key={JSON.stringify(a.labels) + a.fired_ms} burning={{ key: '', budget: undefined, alerts: [a], risk: 0, page: false }} />
      ))}
    </section>
  );
}
