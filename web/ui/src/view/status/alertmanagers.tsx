import type { Alerts } from '../../api/alert';
import { ago } from '../../format/time';

/** Alertmanagers shows whom alerts go to, and who has not heard all. */
export function Alertmanagers({ all, now }: { all: Alerts; now: number }) {
  return (
    <section>
      <h2>Alertmanagers</h2>
      {all.alertmanagers.length === 0 ? (
        <p class="over">None is configured: nobody is paged.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Alertmanagers">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Address</th>
                <th scope="col">State</th>
                <th scope="col">Last answer</th>
                <th scope="col">Last acknowledgement</th>
                <th scope="col" class="num">
                  Owed
                </th>
                <th scope="col" class="num">
                  Refused
                </th>
                <th scope="col">Last error</th>
              </tr>
            </thead>
            <tbody>
              {all.alertmanagers.map((am) => (
                <tr key={am.url + am.set}>
                  <td class="mono">{am.url}</td>
                  <td>{am.answers ? <span class="state ok">answers</span> : <span class="state burning">does not answer</span>}</td>
                  <td class="num left">{ago(am.last_answer_ms ?? 0, now)}</td>
                  <td class="num left">{ago(am.last_ack_ms ?? 0, now)}</td>
                  <td class={'num' + (am.queue > 0 ? ' over' : '')}>{am.queue}</td>
                  <td class={'num' + (am.quarantined > 0 ? ' over' : '')}>{am.quarantined}</td>
                  <td>{am.last_error && `${ago(am.last_error_ms ?? 0, now)}: ${am.last_error}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all.dropped_alertmanagers.length > 0 && <p class="soft">Left out by relabelling: {all.dropped_alertmanagers.join(', ')}</p>}
    </section>
  );
}
