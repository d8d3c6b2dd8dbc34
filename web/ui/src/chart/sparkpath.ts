/**
 * sparkPath is an SVG path through values over equal steps in a box of the given size.
 * Values that are not there leave a gap. The scale holds 0 and 1 at least.
 */
export function sparkPath(values: (number | undefined)[], width: number, height: number): string {
  const known = values.filter((v): v is number => v !== undefined && Number.isFinite(v));
  if (known.length === 0) return '';
  const low = Math.max(-1, Math.min(0, ...known));
  const high = Math.max(1, ...known);
  let path = '';
  let pen = 'M';
  values.forEach((v, i) => {
    if (v === undefined || !Number.isFinite(v)) {
      pen = 'M';
      return;
    }
    const x = values.length > 1 ? (i / (values.length - 1)) * width : 0;
    const y = height - ((Math.max(low, v) - low) / (high - low)) * height;
    path += pen + x.toFixed(1) + ' ' + y.toFixed(1);
    pen = 'L';
  });
  return path;
}
