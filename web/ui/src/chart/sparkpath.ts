/**
 * sparkPath is an SVG path through values over equal steps in a box of the given size.
 * Values that are not there leave a gap. The scale is the values' own, but a tenth at
 * least, so that a budget that is left alone is a straight line.
 */
export function sparkPath(values: (number | undefined)[], width: number, height: number): string {
  const known = values.filter((v): v is number => v !== undefined && Number.isFinite(v));
  if (known.length === 0) return '';
  const middle = (Math.min(...known) + Math.max(...known)) / 2;
  const reach = Math.max(0.05, (Math.max(...known) - Math.min(...known)) / 2);
  const [low, high] = [middle - reach, middle + reach];
  let path = '';
  let pen = 'M';
  values.forEach((v, i) => {
    if (v === undefined || !Number.isFinite(v)) {
      pen = 'M';
      return;
    }
    const x = values.length > 1 ? (i / (values.length - 1)) * width : 0;
    const y = height - ((v - low) / (high - low)) * height;
    path += pen + x.toFixed(1) + ' ' + y.toFixed(1);
    pen = 'L';
  });
  return path;
}
