import { placeText } from '../../api/objective';
import type { Status } from '../../api/status';
import { clock } from '../../format/time';

/** ConfigErrors shows what is wrong with the files, at its place. */
export function ConfigErrors({ status }: { status: Status }) {
  if (status.errors.length === 0) {
    return (
      <p class="soft">
        Configuration read {clock(status.last_reload_ms ?? 0)}: {status.engine.objectives} objectives, no error.
      </p>
    );
  }
  return (
    <section>
      <h2 class="over">
        {status.errors.length} {status.errors.length === 1 ? 'error' : 'errors'} in the configuration{' '}
        <span class="soft">read {clock(status.last_reload_ms ?? 0)}; what was in force before stays so</span>
      </h2>
      {status.errors.slice(0, 50).map((e, i) => (
        <div class="fault" key={i}>
          <p>
            <span class="mono">{placeText(e)}</span> {e.error}
          </p>
          {e.excerpt && <pre tabIndex={0}>{e.excerpt}</pre>}
        </div>
      ))}
    </section>
  );
}
