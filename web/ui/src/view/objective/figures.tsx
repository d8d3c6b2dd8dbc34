import type { Budget } from '../../api/budget';
import { float } from '../../api/number';
import { burn, errorRatio, events, ratio, target } from '../../format/number';
import { duration } from '../../format/time';
import { Figure } from '../../part/figure';
import { level } from '../../part/budgetbar';
import { paceOf } from './outlook';

/** Figures are the numbers that answer "how bad is it": for each budget window a line. */
export function Figures({ budget }: { budget: Budget }) {
  const pace = paceOf(budget.pairs);
  const allowed = float(budget.target_ratio);
  return (
    <>
      {budget.windows.map((w) => {
        const left = float(w.remaining_ratio);
        const rest = float(w.remaining_events);
        const lasts = float(w.time_to_exhaustion_seconds);
        return (
          <dl class="figures" key={w.window}>
            <Figure
              name={`Budget left of ${w.window}`}
              mood={level(left)}
              more={rest >= 0 ? `${events(rest)} bad events more` : `${events(-rest)} bad events too many`}
            >
              {ratio(left)}
            </Figure>
            <Figure name="Spent at this pace" mood={lasts < 86400 ? 'low' : ''} more="by the last hour">
              {Number.isFinite(lasts) ? (lasts === 0 ? 'spent' : 'in ' + duration(lasts)) : 'not shrinking'}
            </Figure>
            {pace && (
              <Figure name="Burn now" more={`over ${pace.window}, 1× is as allowed`}>
                {burn(pace.burn)}
              </Figure>
            )}
            <Figure name="Bad events" more={`of ${events(float(w.total_events))}`}>
              {events(float(w.bad_events))}
            </Figure>
            <Figure name="Error ratio" more={`target ${target(allowed)}`}>
              {errorRatio(float(w.error_ratio))}
            </Figure>
            <Figure name="Coverage" mood={float(w.coverage_ratio) < 0.99 ? 'thin' : ''} more={`${budget.series} series`}>
              {ratio(float(w.coverage_ratio))}
            </Figure>
          </dl>
        );
      })}
    </>
  );
}
