import type { ComponentChildren } from 'preact';
import type { Polled } from './api/poll';
import type { Standing } from './api/standing';
import { duration } from './format/time';
import { Link } from './navigate';
import { Notice } from './part/notice';
import type { View } from './place';

interface FrameProps {
  view: View;
  standing: Polled<Standing>;
  children: ComponentChildren;
}

/** Frame is what stands around every view: where one may go, and how slowburn itself is. */
export function Frame({ view, standing, children }: FrameProps) {
  const s = standing.data;
  const firing = s ? s.pages + s.tickets : 0;
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="frame">
        <Link view="overview" class="brand" aria-label="slowburn, overview">
          slow<b>burn</b>
        </Link>
        <nav aria-label="views">
          <Link view="overview" current={view === 'overview'}>
            Overview
          </Link>
          <Link view="now" current={view === 'now'}>
            Now{firing > 0 && <span class={'count ' + (s!.pages > 0 ? 'page' : 'ticket')}>{firing}</span>}
          </Link>
          <Link view="releases" current={view === 'releases'}>
            Releases
          </Link>
          <Link view="status" current={view === 'status'}>
            Status{s && s.config_errors > 0 && <span class="count ticket">{s.config_errors}</span>}
          </Link>
        </nav>
        <Age standing={standing} />
      </header>
      <main id="main" tabIndex={-1}>
        {standing.error && <Notice failure={standing.error} what="slowburn" stale={s !== undefined} />}
        {s?.not_ready && (
          <div class="notice" role="status">
            <b>Not ready.</b> {s.not_ready}
          </div>
        )}
        {children}
      </main>
    </>
  );
}

/** Age says how old the newest closed slot is. */
function Age({ standing }: { standing: Polled<Standing> }) {
  const s = standing.data;
  if (!s || standing.error) return <span class="age off">{s ? 'no answer' : 'connecting'}</span>;
  if (!s.data_time_ms) return <span class="age off">no data yet</span>;
  const seconds = (s.now_ms - s.data_time_ms) / 1000;
  return (
    <span class={'age' + (seconds > 120 ? ' off' : '')} title="age of the newest closed slot of any budget">
      data {duration(Math.max(0, seconds))} old
    </span>
  );
}
