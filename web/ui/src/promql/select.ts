// Selectors for series whose labels strangers may have named.

const plain = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** quoted is a PromQL string. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** select is the selector of a series: name{label="value",…}. Empty values match series without the label. */
export function select(name: string, labels: Record<string, string>): string {
  const matchers = Object.entries(labels).map(([label, value]) => (plain.test(label) ? label : quoted(label)) + '=' + quoted(value));
  return `${name}{${matchers.join(',')}}`;
}
