// The address is the whole state of a view: which one, its filters, its time range.

export const views = ['overview', 'objective', 'now', 'releases', 'status'] as const;
export type View = (typeof views)[number];

export interface Place {
  view: View;
  params: URLSearchParams;
}

/** parse reads an address. Views are one level deep, whatever path stands before. */
export function parse(pathname: string, search: string): Place {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  const view = views.find((v) => v === last) ?? 'overview';
  return { view, params: new URLSearchParams(search) };
}

/** href is the relative address of a view. Empty parameters are left out. */
export function href(view: View, params: Record<string, string> | URLSearchParams = {}): string {
  const all = new URLSearchParams();
  const entries = params instanceof URLSearchParams ? [...params] : Object.entries(params);
  for (const [name, value] of entries) if (value !== '') all.append(name, value);
  const query = all.toString();
  return (view === 'overview' ? './' : view) + (query && '?' + query);
}

/** withParams is params with some of them set, or removed where empty. */
export function withParams(params: URLSearchParams, changes: Record<string, string | string[]>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const v of Array.isArray(value) ? value : [value]) if (v !== '') next.append(name, v);
  }
  return next;
}
