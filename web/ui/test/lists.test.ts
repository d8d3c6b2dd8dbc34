import { expect, test } from 'vitest';
import type { DeliveredAlert } from '../src/api/alert';
import type { Budget } from '../src/api/budget';
import { perSecond } from '../src/chart/align';
import { visible } from '../src/list/visible';
import { inOrder } from '../src/view/now/burning';
import { isOf } from '../src/view/objective/alerttable';
import { seriesOf } from '../src/view/objective/selector';
import { byBlame } from '../src/view/objective/blame';

function budget(labels: Record<string, string>, groups: Record<string, string>, bad: number, burn: number): Budget {
  return {
    id: JSON.stringify(groups), labels, groups, alerts: [],
    windows: [{ window: '30d', bad_events: bad }],
    pairs: [{ holds: true, long_burn_rate: burn, short_burn_rate: burn }],
  } as unknown as Budget;
}

test('only rows in sight are drawn', () => {
  expect(visible(10_000, 40, 4000, 400, 5)).toEqual({ from: 95, to: 115 });
  expect(visible(3, 40, 9999, 400, 5)).toEqual({ from: 3, to: 3 });
});

test('blame is the share of the segments, not of the roll-up', () => {
  const ranked = byBlame([budget({}, {}, 100, 0), budget({}, { r: 'a' }, 25, 0), budget({}, { r: 'b' }, 75, 0)]);
  expect(ranked.map((b) => [b.budget.groups['r'], b.share])).toEqual([['b', 0.75], ['a', 0.25]]);
});

test('a segment has its alert, not its roll-up; pages come first', () => {
  const alert = { labels: { slo: 'a', region: 'us', severity: 'page' } } as unknown as DeliveredAlert;
  const rollUp = budget({ slo: 'a' }, {}, 1, 50);
  const us = budget({ slo: 'a', region: 'us' }, { region: 'us' }, 1, 20);
  const order = inOrder([rollUp, us], [alert]);
  expect(order.map((b) => [b.budget?.labels['region'], b.alerts.length])).toEqual([['us', 1], [undefined, 0]]);
  expect(order[1]!.risk).toBeCloseTo(50 / 720);
});

test('on the roll-up, an alert of a segment does not count', () => {
  const alert = { labels: { slo: 'a', region: 'us', severity: 'page' } } as unknown as DeliveredAlert;
  const rollUp = budget({ slo: 'a' }, {}, 1, 50);
  const us = budget({ slo: 'a', region: 'us' }, { region: 'us' }, 1, 20);
  expect([isOf(alert, seriesOf(rollUp, [rollUp, us])), isOf(alert, seriesOf(us, [rollUp, us]))]).toEqual([false, true]);
});

test('a counter that falls says nothing', () => {
  expect(perSecond([0, 30, 10, null, 40], 15)).toEqual([null, 2, null, null, null]);
});
