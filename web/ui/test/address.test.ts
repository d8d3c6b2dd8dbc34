import { expect, test } from 'vitest';
import { rangeFor, spanOf } from '../src/chart/span';
import { href, parse, withParams } from '../src/place';
import { select } from '../src/promql/select';

test('views are found under any path', () => {
  expect(parse('/slo/objective', '?slo=a').view).toBe('objective');
  expect(parse('/slo/', '').view).toBe('overview');
  expect(parse('/', '').view).toBe('overview');
  expect(href('overview', { q: 'a b', owner: '' })).toBe('./?q=a+b');
  expect(withParams(new URLSearchParams('a=1&b=2'), { a: ['3', '4'], b: '' }).toString()).toBe('a=3&a=4');
});

test('a time range lies on its step', () => {
  expect(spanOf(new URLSearchParams('range=1h'), '7d', 7_213_000, 60)).toEqual({ from: 3600, to: 7200, step: 60 });
  expect(spanOf(new URLSearchParams('from=60000&to=120000'), '7d', 0, 60)).toEqual({ from: 60, to: 120, step: 15 });
  expect(spanOf(new URLSearchParams('range=nonsense'), '1h', 7_200_000, 60)).toEqual({ from: 3600, to: 7200, step: 60 });
});

test('young data are shown in a range that they fill', () => {
  expect(rangeFor(180, '30d')).toBe('1h');
  expect(rangeFor(4 * 3600, '30d')).toBe('6h');
  expect(rangeFor(20 * 86_400, '30d')).toBe('30d');
  expect(rangeFor(1.7e9, '7d')).toBe('7d');
});

test('selectors quote what strangers named', () => {
  expect(select('m', { 'a.b': 'x"y\\z', c: '' })).toBe('m{"a.b"="x\\"y\\\\z",c=""}');
});
