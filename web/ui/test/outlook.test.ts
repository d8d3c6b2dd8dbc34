import { expect, test } from 'vitest';
import type { Pair } from '../src/api/budget';
import { outlook, paceOf, reach } from '../src/view/objective/outlook';

function pair(long: number, short: number, holds = false): Pair {
  return {
    severity: 'page', long_window: '1h', short_window: '5m', threshold_burn_rate: 14.4, long_burn_rate: long, short_burn_rate: short, holds,
  };
}

test('a window reaches its threshold as the pace fills it', () => {
  expect(reach(3600, 0, 28.8, 14.4)).toBeCloseTo(1800);
  expect(reach(3600, 7.2, 21.6, 14.4)).toBeCloseTo(1800);
  expect(reach(3600, 20, 1, 14.4)).toBe(0);
  expect(reach(3600, 0, 14.4, 14.4)).toBe(Infinity);
});

test('the later of both windows decides', () => {
  expect(outlook(pair(0, 100), 28.8)).toEqual({ kind: 'in', seconds: 1800 });
  expect(outlook(pair(100, 0), 28.8)).toEqual({ kind: 'in', seconds: 150 });
  expect(outlook(pair(0, 0), 3)).toEqual({ kind: 'never' });
  expect(outlook(pair(20, 20, true), 0)).toEqual({ kind: 'holds' });
});

test('the pace is that of the shortest window', () => {
  const slow = { ...pair(1, 2), long_window: '6h', short_window: '30m' };
  expect(paceOf([slow, pair(3, 4)])).toEqual({ burn: 4, window: '5m' });
  expect(paceOf([])).toBeUndefined();
});
