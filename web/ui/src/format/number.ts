// Figures as a reader takes them in at a glance.

const minus = '−';

function signed(text: string): string {
  return text.replace('-', minus);
}

/** ratio writes 0.5 as "50.0 %": one decimal, and "<0.1 %" where that would read 0. */
export function ratio(r: number): string {
  if (!Number.isFinite(r)) return infinite(r);
  const percent = r * 100;
  if (Math.abs(percent) >= 999.5) return signed(grouped(Math.round(percent))) + ' %';
  if (percent > 0 && percent < 0.05) return '<0.1 %';
  return signed(percent.toFixed(1)) + ' %';
}

/** percent writes a ratio at an axis: "50 %". */
export function percent(r: number): string {
  return signed(String(Number((r * 100).toPrecision(3)))) + ' %';
}

/** target writes a ratio with as many digits as 99.999 % needs. */
export function target(r: number): string {
  return Number.isFinite(r) ? String(Math.round(r * 1e7) / 1e5) + ' %' : infinite(r);
}

/** errorRatio writes a small ratio with two digits that matter. */
export function errorRatio(r: number): string {
  if (!Number.isFinite(r)) return infinite(r);
  if (r === 0) return '0 %';
  return Number((r * 100).toPrecision(2)).toString() + ' %';
}

/** burn writes a burn rate: "14.4×". */
export function burn(b: number): string {
  if (!Number.isFinite(b)) return infinite(b);
  return rounded(b) + '×';
}

/** rounded writes two or three digits that matter, or all of a large whole number. */
export function rounded(n: number): string {
  if (!Number.isFinite(n)) return infinite(n);
  const size = Math.abs(n);
  if (size >= 1000) return signed(grouped(Math.round(n)));
  if (size >= 100) return signed(n.toFixed(0));
  if (size >= 10) return signed(n.toFixed(1));
  if (size >= 0.01 || size === 0) return signed(String(Math.round(n * 100) / 100));
  return '<0.01';
}

/** events writes a count of events, which is whole unless terms are weighted. */
export function events(n: number): string {
  if (!Number.isFinite(n)) return infinite(n);
  return signed(grouped(Math.abs(n) >= 10 ? Math.round(n) : Math.round(n * 10) / 10));
}

/** short writes a large number in few places: "1.2 M". */
export function short(n: number): string {
  if (!Number.isFinite(n)) return infinite(n);
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(n) >= size) return signed(String(Number((n / size).toPrecision(3)))) + ' ' + unit;
  }
  return signed(String(Number(n.toPrecision(3))));
}

/** bytes writes a size in units of 1,024. */
export function bytes(n: number): string {
  if (!Number.isFinite(n)) return infinite(n);
  for (const [size, unit] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const) {
    if (n >= size) return String(Number((n / size).toPrecision(3))) + ' ' + unit;
  }
  return n.toFixed(0) + ' B';
}

function grouped(n: number): string {
  return n.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function infinite(n: number): string {
  if (Number.isNaN(n)) return '—';
  return n > 0 ? '∞' : minus + '∞';
}
