/** Number is a float as our JSON has it: those that JSON has none for are strings. */
export type JSONNumber = number | '+Inf' | '-Inf' | 'NaN';

/** float reads it. */
export function float(n: JSONNumber | string | undefined): number {
  switch (n) {
    case '+Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    case undefined:
      return NaN;
    default:
      return Number(n);
  }
}
