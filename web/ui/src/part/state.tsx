import { stateMeaning, type State } from '../api/state';

/** StateMark is a state as a dot and a word: never colour alone. */
export function StateMark({ state, alert }: { state: State; alert?: string | undefined }) {
  return (
    <span class={'state ' + state} title={stateMeaning[state]}>
      {state}
      {alert && <span class={'severity ' + alert}>{alert}</span>}
    </span>
  );
}
