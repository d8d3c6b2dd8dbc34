import { ask } from '../../api/ask';
import type { AuditEntry } from '../../api/gate';
import { usePoll } from '../../api/poll';
import { clock } from '../../format/time';

/** Audit lists who decided what, the newest first. */
export function Audit({ service }: { service: string }) {
  const polled = usePoll('audit ' + service, 30_000, (signal) =>
    ask<{ entries: AuditEntry[] }>('api/slo/v1/audit', { service: service || undefined, limit: 50 }, signal),
  );
  if (!polled.data || polled.data.entries.length === 0) return null;
  return (
    <section>
      <h2>Audit</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="audit">
        <table class="plain">
          <tbody>
            {polled.data.entries.map((e) => (
              <tr key={e.id}>
                <td class="num left">{clock(e.time_ms)}</td>
                <td>{e.author}</td>
                <td>{e.action}</td>
                <td>{[e.subject?.startsWith(e.service + '/') ? '' : e.service, e.subject].filter(Boolean).join(' ')}</td>
                <td>{[e.reason, e.detail].filter(Boolean).join('; ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
