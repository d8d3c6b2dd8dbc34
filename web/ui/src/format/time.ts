// Durations and instants. Instants are shown in the reader's own time zone.

const units: [number, string][] = [
  [86400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** duration writes seconds with its two largest units: "2 h 5 min". */
export function duration(seconds: number): string {
  if (Number.isNaN(seconds)) return '—';
  if (!Number.isFinite(seconds)) return 'never';
  let rest = Math.round(Math.abs(seconds));
  if (rest < 1) return '0 s';
  const parts: string[] = [];
  for (const [size, unit] of units) {
    const n = Math.floor(rest / size);
    if (n > 0) parts.push(n + ' ' + unit);
    else if (parts.length > 0) break;
    rest -= n * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** ago writes how long before now ts lies, both ms. */
export function ago(ts: number, now: number): string {
  if (!ts) return 'never';
  const seconds = (now - ts) / 1000;
  return seconds < 1 ? 'now' : duration(seconds) + ' ago';
}

/** clock writes an instant: the time of day, with the date unless it is today's. */
export function clock(ts: number, now = Date.now()): string {
  if (!ts) return 'never';
  const at = new Date(ts);
  const time = two(at.getHours()) + ':' + two(at.getMinutes()) + ':' + two(at.getSeconds());
  return at.toDateString() === new Date(now).toDateString() ? time : date(at) + ' ' + time;
}

/** date writes "2026-11-26". */
export function date(at: Date): string {
  return at.getFullYear() + '-' + two(at.getMonth() + 1) + '-' + two(at.getDate());
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** seconds reads "5m", "6h", "30d", and calendar windows at their nominal length. */
export function seconds(window: string): number {
  const nominal: Record<string, number> = { day: 86400, week: 604800, month: 2592000, quarter: 7862400 };
  if (window in nominal) return nominal[window]!;
  const unit: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };
  const match = /^(\d+)([smhd])$/.exec(window);
  return match ? Number(match[1]) * unit[match[2]!]! : NaN;
}
