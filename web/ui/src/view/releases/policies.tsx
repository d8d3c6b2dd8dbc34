import { ask } from '../../api/ask';
import type { Policy } from '../../api/gate';
import { float } from '../../api/number';
import { usePoll } from '../../api/poll';
import { ratio } from '../../format/number';
import { clock } from '../../format/time';
import { Link } from '../../navigate';

/** Policies shows which objectives' policies ask for something: those that are not healthy. */
export function Policies({ service }: { service: string }) {
  const polled = usePoll('policies ' + service, 15_000, (signal) =>
    ask<{ policies: Policy[] }>('api/slo/v1/policies', { service: service || undefined }, signal),
  );
  const strict = polled.data?.policies.filter((p) => p.state !== 'healthy') ?? [];
  if (!polled.data) return null;
  return (
    <section>
      <h2>
        Policies <span class="soft">{polled.data.policies.length - strict.length} healthy</span>
      </h2>
      {strict.slice(0, 200).map((p) => (
        <article class="card" key={p.service + '/' + p.slo}>
          <header>
            <h3>
              <Link view="objective" params={{ service: p.service, slo: p.slo }}>
                {p.service}/{p.slo}
              </Link>
            </h3>
            <b>{p.state}</b>
            <span class="soft num">since {clock(p.since_ms)}</span>
            <span class="num">{ratio(float(p.spent_ratio))} spent</span>
            <span class={p.gate}>gate: {p.gate}</span>
          </header>
          <p>{p.reason}</p>
          {p.decision_owner && (
            <p>
              <span class="soft">Decides:</span> {p.decision_owner}
            </p>
          )}
          {(p.actions ?? []).map((a) => (
            <p key={a}>{a}</p>
          ))}
        </article>
      ))}
    </section>
  );
}
