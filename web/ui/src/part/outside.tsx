import type { ComponentChildren } from 'preact';

/** safe is a URL of the web, or undefined: files may name others, such as javascript:. */
export function safe(url: string | undefined): string | undefined {
  return url && /^https?:\/\//i.test(url) ? url : undefined;
}

/** Outside is a link that leaves slowburn; only its text where the URL is not one of the web. */
export function Outside({ url, children }: { url: string | undefined; children: ComponentChildren }) {
  const to = safe(url);
  if (!to) return url ? <span class="clip soft">{url}</span> : null;
  return (
    <a href={to} rel="noreferrer" class="outside">
      {children}
    </a>
  );
}
