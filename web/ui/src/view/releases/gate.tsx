import { ask } from '../../api/ask';
import type { GateAnswer, Verdict } from '../../api/gate';
import { float } from '../../api/number';
import { usePoll } from '../../api/poll';
import { ratio } from '../../format/number';
import { ago, clock } from '../../format/time';
import { change, Link } from '../../navigate';
import { Notice } from '../../part/notice';

const words: Record<Verdict, string> = { pass: 'Go.', fail: 'Do not release.', unknown: 'Not known: too little was observed to say go.' };

/** Gate is what a pipeline would be told now, with its reasons. */
export function Gate({ service, params }: { service: string; params: URLSearchParams }) {
  const type = params.get('change') ?? '';
  const polled = usePoll(`gate ${service} ${type}`, 15_000, (signal) =>
    ask<GateAnswer>('api/slo/v1/gate', { service, change_type: type || undefined }, signal),
  );
  const a = polled.data;
  return (
    <section>
      <h2>May {service} be released?</h2>
      <label class="choice">
        <span>kind of change</span>
        <input value={type} placeholder="any" onChange={(e) => change({ change: e.currentTarget.value })} />
      </label>
      {polled.error && <Notice failure={polled.error} what="the gate" stale={a !== undefined} />}
      {!a && !polled.error && <p class="soft">Asking…</p>}
      {a && (
        <>
          <p class={'verdict ' + a.decision}>
            {words[a.decision] ?? a.decision}
            {a.override && (
              <span class="soft">
                {' '}
                by override of {a.override.author} until {clock(a.override.expires_ms)}: {a.override.reason}
              </span>
            )}
          </p>
          <ul class="reasons">
            {(a.reasons ?? []).map((r) => (
              <li key={r.code + r.slo} class={r.verdict}>
                {r.slo && <b>{r.slo}: </b>}
                {r.text}
              </li>
            ))}
          </ul>
          {(a.mitigations ?? []).length > 0 && (
            <>
              <h3>What would help</h3>
              <ul class="reasons">
                {a.mitigations!.map((m) => (
                  <li key={m}>{m}</li>
                ))}
              </ul>
            </>
          )}
          <Objectives answer={a} />
          <ul class="reasons soft">
            {(a.objectives ?? []).map((o) => (
              <li key={o.slo}>
                Cost of {o.slo}: {o.forecast.assumption}.
              </li>
            ))}
          </ul>
          <p class="soft">May override: {(a.may_override ?? []).join(', ') || 'whoever has the admin scope'}.</p>
        </>
      )}
    </section>
  );
}

function Objectives({ answer }: { answer: GateAnswer }) {
  const all = answer.objectives ?? [];
  if (all.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="objectives of the gate">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Objective</th>
            <th scope="col">Answer</th>
            <th scope="col">Policy</th>
            <th scope="col" class="num">
              Left
            </th>
            <th scope="col" class="num">
              Costs, median / 90th
            </th>
            <th scope="col">Fires</th>
            <th scope="col" class="num">
              Coverage
            </th>
            <th scope="col" class="num">
              Data
            </th>
            <th scope="col">Decides</th>
          </tr>
        </thead>
        <tbody>
          {all.map((o) => (
            <tr key={o.slo}>
              <td>
                <Link view="objective" params={{ service: answer.service, slo: o.slo }}>
                  {o.slo}
                </Link>
              </td>
              <td class={o.verdict}>{o.verdict}</td>
              <td>{o.policy_state}</td>
              <td class="num">{ratio(float(o.remaining_ratio))}</td>
              <td class="num" title={o.forecast.assumption}>
                {ratio(float(o.forecast.median_ratio))} / {ratio(float(o.forecast.p90_ratio))}
              </td>
              <td class={o.burning.length > 0 ? 'fail' : ''}>{o.burning.join(', ') || 'nothing'}</td>
              <td class="num">{ratio(float(o.coverage_ratio))}</td>
              <td class="num">{ago(o.data_time_ms, answer.asked_ms)}</td>
              <td>{o.decision_owner}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
