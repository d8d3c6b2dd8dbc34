import type { Alerts } from '../../api/alert';
import { ask } from '../../api/ask';
import { usePoll } from '../../api/poll';
import type { Status } from '../../api/status';
import { Notice } from '../../part/notice';
import { Alertmanagers } from './alertmanagers';
import { ConfigErrors } from './configerrors';
import { Cost, Databases, Ingest, Limits } from './sections';
import { Sources } from './sources';

/** StatusView shows how slowburn itself is: what comes in, what goes out, what is wrong. */
export function StatusView() {
  const status = usePoll('status', 5000, (signal) => ask<Status>('api/slo/v1/status', {}, signal));
  const alerts = usePoll('status alerts', 5000, (signal) => ask<Alerts>('api/slo/v1/alerts', { state: 'firing' }, signal));
  const s = status.data;
  return (
    <div class="status">
      <h1>Status</h1>
      {status.error && <Notice failure={status.error} what="the status" stale={s !== undefined} />}
      {s && <ConfigErrors status={s} />}
      {s && <Sources sources={s.sources} now={s.now_ms} />}
      {alerts.data && <Alertmanagers all={alerts.data} now={s?.now_ms ?? Date.now()} />}
      {alerts.error && s && !s.not_ready && <Notice failure={alerts.error} what="the Alertmanagers" stale={alerts.data !== undefined} />}
      {s && (
        <div class="columns">
          <Ingest status={s} />
          <Limits status={s} />
          <Cost status={s} />
          <Databases status={s} />
        </div>
      )}
    </div>
  );
}
