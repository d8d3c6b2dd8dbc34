import { useEffect, useRef, useState } from 'preact/hooks';
import { Failure } from './ask';

export interface Polled<T> {
  /** data is the last good answer, also while the next one fails. */
  data: T | undefined;
  error: Failure | undefined;
  /** at is when data came, ms; 0 before the first. */
  at: number;
  /** again asks now. */
  again: () => void;
}

type State<T> = Omit<Polled<T>, 'again'>;

const nothing = { data: undefined, error: undefined, at: 0 };

/**
 * nextWait is how long to wait until the next request, ms: longer after failures, at
 * most a minute, and so long that a slow answer keeps slowburn busy for a twentieth of
 * the time, at most half a minute.
 */
export function nextWait(every: number, took: number, failures: number): number {
  return Math.max(Math.min(every * 2 ** failures, 60_000), Math.min(took * 20, 30_000));
}

/**
 * usePoll asks again and again while the page is seen. key says what is asked for: with
 * another key old data are forgotten. An undefined key asks nothing.
 */
export function usePoll<T>(key: string | undefined, every: number, load: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [state, setState] = useState<State<T> & { key: string | undefined }>({ ...nothing, key });
  const latest = useRef(load);
  latest.current = load;
  const again = useRef<() => void>(() => {});

  useEffect(() => {
    if (key === undefined) return;
    const stop = new AbortController();
    let timer = 0;
    let failures = 0;
    let busy = false;
    const run = async () => {
      clearTimeout(timer);
      if (busy) return;
      busy = true;
      const began = performance.now();
      try {
        const data = await latest.current(stop.signal);
        failures = 0;
        if (!stop.signal.aborted) setState({ data, error: undefined, at: Date.now(), key });
      } catch (err) {
        failures++;
        const error = err instanceof Failure ? err : new Failure(String(err), 0);
        if (!stop.signal.aborted) {
          setState((old) => ({ ...(old.key === key ? old : { ...nothing, key }), error }));
        }
      }
      busy = false;
      if (!stop.signal.aborted && !document.hidden) {
        timer = window.setTimeout(run, nextWait(every, performance.now() - began, failures));
      }
    };
    const seen = () => {
      if (!document.hidden) void run();
    };
    again.current = () => void run();
    document.addEventListener('visibilitychange', seen);
    void run();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, every]);

  const current = state.key === key ? state : nothing;
  return { data: current.data, error: current.error, at: current.at, again: () => again.current() };
}
