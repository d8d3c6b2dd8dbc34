import { useEffect, useState } from 'preact/hooks';
import { level } from '../part/budgetbar';
import { sparkPath } from './sparkpath';
import { sparkOf, type SparkKey } from './sparks';

const width = 96;
const height = 20;

/** Spark is the budget's rest over the time range, asked for once it is drawn. */
export function Spark({ of }: { of: SparkKey }) {
  const [values, setValues] = useState<(number | undefined)[] | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    sparkOf(of, stop.signal).then(
      (v) => !stop.signal.aborted && setValues(v),
      () => {}, // It is an ornament: the row says the rest.
    );
    return () => stop.abort();
  }, [JSON.stringify(of)]);
  if (!values) return <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />;
  const last = values.findLast((v) => v !== undefined) ?? 1;
  return (
    <svg class={'spark ' + level(last)} viewBox={`0 -2 ${width} ${height + 4}`} aria-hidden="true">
      <path d={sparkPath(values, width, height)} />
    </svg>
  );
}
