import { ask } from '../../api/ask';
import { usePoll } from '../../api/poll';
import type { Releases } from '../../api/release';
import type { Summaries } from '../../api/summary';
import { change } from '../../navigate';
import { Notice } from '../../part/notice';
import { Audit } from './audit';
import { Gate } from './gate';
import { Marks } from './marks';
import { Overrides } from './overrides';
import { Policies } from './policies';

/** ReleasesView answers "may we release?" for a service, and shows what releases have cost. */
export function ReleasesView({ params }: { params: URLSearchParams }) {
  const service = params.get('service') ?? '';
  const summaries = usePoll('services', 60_000, (signal) => ask<Summaries>('api/slo/v1/summary', {}, signal));
  const services = [...new Set(summaries.data?.objectives.map((o) => o.service) ?? [])].sort();
  const releases = usePoll('releases ' + service, 15_000, (signal) =>
    ask<Releases>('api/slo/v1/releases', { service: service || undefined, limit: 100 }, signal),
  );
  const absent = releases.error?.status === 404;
  return (
    <div class="status">
      <div class="row">
        <h1>Releases</h1>
        <label class="choice">
          <span>service</span>
          <select value={service} onChange={(e) => change({ service: e.currentTarget.value }, false)}>
            <option value="">all</option>
            {(service && !services.includes(service) ? [service, ...services] : services).map((s) => (
              <option key={s}>{s}</option>
            ))}
          </select>
        </label>
      </div>
      {absent ? (
        <p class="empty">This slowburn keeps no releases.</p>
      ) : (
        <>
          {releases.error && <Notice failure={releases.error} what="releases" stale={releases.data !== undefined} />}
          {service ? <Gate key={service} service={service} params={params} /> : <p class="soft">Choose a service to ask its gate.</p>}
          <Policies service={service} />
          {releases.data && <Marks releases={releases.data.releases} />}
          <Overrides service={service} />
          <Audit service={service} />
        </>
      )}
    </div>
  );
}
