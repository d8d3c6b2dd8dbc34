import { float } from '../../api/number';
import type { Source } from '../../api/status';
import { ago, clock, duration } from '../../format/time';

/** Sources shows who writes, and how far behind each is. */
export function Sources({ sources, now }: { sources: Source[]; now: number }) {
  return (
    <section>
      <h2>Sources</h2>
      {sources.length === 0 ? (
        <p class="soft">
          Nobody has written yet. <code>slowburn print remote-write</code> prints the block for prometheus.yml.
        </p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="sources">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col" class="num">
                  Lag
                </th>
                <th scope="col">Newest sample</th>
                <th scope="col">Last request</th>
                <th scope="col">Closed up to</th>
                <th scope="col" class="num">
                  Series
                </th>
                <th scope="col" class="num">
                  Budgets
                </th>
              </tr>
            </thead>
            <tbody>
              {sources.map((s) => (
                <tr key={s.name}>
                  <td>
                    <span class="clip">{s.name || '(no source labels)'}</span>
                  </td>
                  <td class={'num' + (float(s.lag_seconds) > 120 ? ' over' : '')}>{duration(float(s.lag_seconds))}</td>
                  <td class="num left">{clock(s.newest_ms, now)}</td>
                  <td class="num left">{ago(s.arrived_ms, now)}</td>
                  <td class="num left">{clock(s.closed_ms, now)}</td>
                  <td class="num">{s.series}</td>
                  <td class="num">{s.budgets}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
