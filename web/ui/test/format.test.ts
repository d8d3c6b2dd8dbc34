import { expect, test } from 'vitest';
import { burn, bytes, events, ratio, short, target } from '../src/format/number';
import { duration, seconds } from '../src/format/time';

test('figures say what they are', () => {
  expect([0.5, 0, 0.0001, -1.5, -181.19, NaN, Infinity].map(ratio)).toEqual(['50.0 %', '0.0 %', '<0.1 %', '−150.0 %', '−18,119 %', '—', '∞']);
  expect([0.9995, 0.99999, 1].map(target)).toEqual(['99.95 %', '99.999 %', '100 %']);
  expect([0, 0.004, 14.4, 180.6].map(burn)).toEqual(['0×', '<0.01×', '14.4×', '181×']);
  expect(events(1234567)).toBe('1,234,567');
  expect(short(1_230_000)).toBe('1.23 M');
  expect(bytes(3 * 2 ** 20)).toBe('3 MiB');
});

test('durations have two units at most', () => {
  expect([0, 59.6, 3600, 7500, 90061, Infinity].map(duration)).toEqual(['0 s', '1 min', '1 h', '2 h 5 min', '1 d 1 h', 'never']);
  expect(['5m', '30d', 'month', '4w'].map(seconds)).toEqual([300, 2592000, 2592000, NaN]);
});
