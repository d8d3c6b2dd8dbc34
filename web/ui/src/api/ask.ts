// One request to slowburn's API. Addresses are relative to the page's.

/** Failure is what the API answered instead, fit to be shown. */
export class Failure extends Error {
  constructor(
    message: string,
    /** 0 if there was no answer at all. */
    readonly status: number,
    readonly code = '',
  ) {
    super(message);
  }
}

export type Params = Record<string, string | number | string[] | undefined>;

function address(path: string, params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    for (const v of Array.isArray(value) ? value : [String(value)]) query.append(name, v);
  }
  const text = query.toString();
  return path + (text && '?' + text);
}

async function request<T>(address: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  } catch (err) {
    if (init.signal?.aborted) throw err;
    throw new Failure('slowburn does not answer', 0);
  }
  const text = await response.text();
  let body: { data?: T; error?: string; code?: string; errorType?: string } | undefined;
  try {
    body = JSON.parse(text);
  } catch {
    // What stands between us and slowburn may answer in its own words.
  }
  if (response.ok && body && 'data' in body) return body.data as T;
  const said = body?.error ?? text.slice(0, 300).trim();
  throw new Failure(said || response.statusText, response.status, body?.code ?? body?.errorType ?? '');
}

/** ask gets JSON and returns what is under "data". */
export function ask<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return request<T>(address(path, params), signal ? { signal } : {});
}

/** tell posts JSON: it changes something. */
export function tell<T>(path: string, body: unknown): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** post sends a form, which PromQL that is too long for an address needs. */
export function post<T>(path: string, form: Params, signal?: AbortSignal): Promise<T> {
  const body = address('', form).slice(1);
  return request<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body,
    ...(signal ? { signal } : {}),
  });
}
