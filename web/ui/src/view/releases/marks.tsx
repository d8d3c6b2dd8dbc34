import { float } from '../../api/number';
import type { Cost, Release } from '../../api/release';
import { events, ratio } from '../../format/number';
import { clock } from '../../format/time';
import { Outside } from '../../part/outside';

/** Marks lists releases, the newest first, with what each cost. */
export function Marks({ releases }: { releases: Release[] }) {
  return (
    <section>
      <h2>Marked releases</h2>
      {releases.length === 0 ? (
        <p class="soft">
          None yet. A pipeline marks one by <code>slowburn release mark</code>, or <code>POST api/slo/v1/releases</code> with service and version.
        </p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="releases">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Service</th>
                <th scope="col">Version</th>
                <th scope="col">Kind</th>
                <th scope="col">Cost of the budget</th>
                <th scope="col">By</th>
              </tr>
            </thead>
            <tbody>
              {releases.map((r) => (
                <tr key={r.id}>
                  <td class="num left">{clock(r.time_ms)}</td>
                  <td>{r.service}</td>
                  <td>
                    {r.version} {r.link && <Outside url={r.link}>link</Outside>}
                    {r.note && <div class="soft">{r.note}</div>}
                  </td>
                  <td>{r.type}</td>
                  <td>
                    {(r.costs ?? []).map((c) => (
                      <CostLine key={c.slo} cost={c} />
                    ))}
                    {(r.costs ?? []).length === 0 && <span class="soft">not known yet</span>}
                  </td>
                  <td>{r.detected ? 'seen in the samples' : r.author}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function CostLine({ cost }: { cost: Cost }) {
  const share = float(cost.budget_ratio);
  return (
    <div title={cost.assumption}>
      {cost.slo}{' '}
      <span class={'num' + (share > 0.1 ? ' over' : '')}>
        {ratio(share)} of {cost.window}
      </span>{' '}
      <span class="soft num">
        {events(float(cost.excess_events))} events, {cost.state}
      </span>
    </div>
  );
}
