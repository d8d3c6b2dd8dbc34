import { useState } from 'preact/hooks';
import { ask, Failure, tell } from '../../api/ask';
import { usePoll } from '../../api/poll';

interface DemoState {
  broken: boolean;
  what: string;
  snippet: string;
}

/** Demo lets a visitor of the demo break its shop and heal it, and says how to do it for real. */
export function Demo() {
  const state = usePoll('demo', 5000, (signal) => ask<DemoState>('api/slo/v1/demo', {}, signal));
  const [said, setSaid] = useState('');
  const turn = async (to: 'break' | 'heal') => {
    try {
      await tell('api/slo/v1/demo/' + to, {});
      setSaid(to === 'break' ? 'It fails from now on: the page comes with the next scrapes.' : 'It is healed: the page ends when the last 5 minutes are clean.');
    } catch (err) {
      setSaid(err instanceof Failure ? err.message : String(err));
    }
    state.again();
  };
  if (!state.data) return null;
  return (
    <section class="demo">
      <div class="row">
        <b>Demo</b> <span>{state.data.what}</span>
        <button type="button" class="act" disabled={state.data.broken} onClick={() => turn('break')}>
          Break it
        </button>
        <button type="button" class="act" disabled={!state.data.broken} onClick={() => turn('heal')}>
          Heal it
        </button>
        <span class="soft" role="status">
          {said}
        </span>
      </div>
      <details>
        <summary>To do it for real</summary>
        <pre tabIndex={0}>{state.data.snippet}</pre>
      </details>
    </section>
  );
}
