import { useState } from 'preact/hooks';
import { ask, Failure, tell } from '../../api/ask';
import type { Override } from '../../api/gate';
import { usePoll } from '../../api/poll';
import { clock } from '../../format/time';

/** Overrides shows those in force, and lets one be made; slowburn decides who may. */
export function Overrides({ service }: { service: string }) {
  const polled = usePoll('overrides ' + service, 15_000, (signal) =>
    ask<{ overrides: Override[] }>('api/slo/v1/overrides', { service: service || undefined }, signal),
  );
  const [said, setSaid] = useState('');
  const attempt = async (what: string, path: string, body: unknown) => {
    try {
      await tell(path, body);
      setSaid(what);
      polled.again();
    } catch (err) {
      setSaid(err instanceof Failure ? err.message : String(err));
    }
  };
  if (!polled.data) return null;
  return (
    <section>
      <h2>Overrides in force</h2>
      {polled.data.overrides.length === 0 && <p class="soft">None.</p>}
      {polled.data.overrides.map((o) => (
        <p key={o.id} class="row">
          <b>
            {o.service}
            {o.slo && '/' + o.slo}
          </b>{' '}
          <span>{o.reason}</span> <span class="soft num">{o.author}, until {clock(o.expires_ms)}</span>
          <button type="button" class="act" onClick={() => attempt('Revoked.', 'api/slo/v1/overrides/revoke', { id: o.id })}>
            Revoke
          </button>
        </p>
      ))}
      {service && <OverrideForm service={service} send={(body) => attempt('Overridden.', 'api/slo/v1/overrides', body)} />}
      <p role="status">{said}</p>
    </section>
  );
}

function OverrideForm({ service, send }: { service: string; send: (body: unknown) => void }) {
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    send({ service, reason: data.get('reason'), expires_ms: Date.now() + Number(data.get('hours')) * 3_600_000 });
    form.reset();
  };
  return (
    <details>
      <summary>Override the gate of {service}</summary>
      <form class="form" onSubmit={submit}>
        <label>
          reason
          <input name="reason" required maxLength={500} />
        </label>
        <label>
          for how many hours
          <input name="hours" type="number" min="1" max="72" defaultValue="4" required />
        </label>
        <button class="act">Override</button>
      </form>
    </details>
  );
}
