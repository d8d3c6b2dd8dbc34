import { ask } from '../../api/ask';
import type { Alerts } from '../../api/alert';
import { severityOf, standing, type Budget, type Budgets } from '../../api/budget';
import type { Objectives } from '../../api/objective';
import { usePoll } from '../../api/poll';
import { Link } from '../../navigate';
import { groupText } from '../../part/groups';
import { Notice } from '../../part/notice';
import { Outside } from '../../part/outside';
import { StateMark } from '../../part/state';
import { AlertTable } from './alerttable';
import { Charts } from './charts';
import { Definition } from './definition';
import { Figures } from './figures';
import { Segments } from './segments';

/** ObjectiveView shows one objective, or one segment of it. */
export function ObjectiveView({ params }: { params: URLSearchParams }) {
  const service = params.get('service') ?? '';
  const slo = params.get('slo') ?? '';
  const which = { service, slo };
  const key = JSON.stringify(which);
  const objectives = usePoll(key, 60_000, (signal) => ask<Objectives>('api/slo/v1/objectives', which, signal));
  const budgets = usePoll(key, 5000, (signal) => ask<Budgets>('api/slo/v1/budgets', which, signal));
  const alerts = usePoll(key, 5000, (signal) => ask<Alerts>('api/slo/v1/alerts', which, signal));

  const objective = objectives.data?.objectives[0];
  const all = budgets.data?.budgets ?? [];
  const rollUp = all.find((b) => Object.keys(b.groups).length === 0) ?? all[0];
  const segment = params.get('segment');
  const budget = (segment && all.find((b) => b.id === segment)) || rollUp;
  if (budgets.data && !budget) {
    return (
      <div class="empty">
        <h1>
          There is no objective {service}/{slo}
        </h1>
        <p>
          It may have been removed, or its file is broken: <Link view="status">Status</Link> says so. <Link view="overview">All objectives</Link>
        </p>
      </div>
    );
  }
  return (
    <article class="objective">
      <header class="title">
        <h1>
          <span class="soft">{service}/</span>
          {slo}
          {budget && Object.keys(budget.groups).length > 0 && <span class="segment"> {groupText(budget.groups)}</span>}
        </h1>
        {budget && <StateMark state={standing(budget)} alert={severityOf(budget)} />}
        {segment && (
          <Link view="objective" params={which}>
            whole objective
          </Link>
        )}
        <Outside url={budget?.runbook}>Runbook</Outside>
        <Outside url={budget?.dashboard}>Dashboard</Outside>
        {objective && (
          <span class="about">
            {[objective.description, objective.owner, objective.tier && objective.tier + ' tier'].filter(Boolean).join(' · ')}
          </span>
        )}
      </header>
      {budgets.error && <Notice failure={budgets.error} what="this budget" stale={budgets.data !== undefined} />}
      {budget?.reason && <div class="notice">{budget.reason}</div>}
      {budget && budget === rollUp && <BurningSegments all={all} />}
      {budget && <Figures budget={budget} />}
      {budget && budget.pairs.length > 0 && <AlertTable budget={budget} all={all} alerts={alerts.data?.alerts ?? []} />}
      {budget && <Charts budget={budget} all={all} params={params} />}
      {all.length > 1 && <Segments budgets={all} chosen={budget} />}
      {objective && <Definition objective={objective} budget={budget} />}
    </article>
  );
}

/** BurningSegments says which segments burn: their objective as a whole may be well. */
function BurningSegments({ all }: { all: Budget[] }) {
  const burning = all.filter((b) => Object.keys(b.groups).length > 0 && standing(b) === 'burning');
  if (burning.length === 0) return null;
  return (
    <p class="notice burns">
      <b>{burning.length === 1 ? 'A segment burns:' : burning.length + ' segments burn:'}</b>{' '}
      {burning.slice(0, 3).map((b) => (
        <Link key={b.id} view="objective" params={{ service: b.service, slo: b.slo, segment: b.id }} class="clip">
          {groupText(b.groups)}
        </Link>
      ))}
      {burning.length > 3 && ' and more below'}
    </p>
  );
}
