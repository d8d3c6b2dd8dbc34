/** The five states of a budget, the most pressing first. */
export const states = ['burning', 'no-data', 'no-traffic', 'partial', 'ok'] as const;
export type State = (typeof states)[number];

export const stateMeaning: Record<State, string> = {
  burning: 'an alert condition holds',
  'no-data': 'under 10 % of the last 5 minutes was observed',
  'no-traffic': 'no event in the last 5 minutes',
  partial: 'the budget window is only partly observed',
  ok: 'observed, and no alert condition holds',
};
