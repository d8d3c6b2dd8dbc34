import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { href, parse, withParams, type Place, type View } from './place';

const listeners = new Set<() => void>();

function here(): Place {
  return parse(location.pathname, location.search);
}

/** usePlace is where we are; the component draws again when that changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = () => setPlace(here());
    listeners.add(update);
    addEventListener('popstate', update);
    update();
    return () => {
      listeners.delete(update);
      removeEventListener('popstate', update);
    };
  }, []);
  return place;
}

/** go shows another address of ours; replace leaves no entry in the history. */
export function go(to: string, replace = false): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  for (const update of listeners) update();
}

/** change sets parameters of the view we are in. */
export function change(changes: Record<string, string | string[]>, replace = true): void {
  const { view, params } = here();
  go(href(view, withParams(params, changes)), replace);
}

interface LinkProps {
  view: View;
  params?: Record<string, string> | URLSearchParams;
  current?: boolean;
  class?: string;
  title?: string;
  'aria-label'?: string;
  children: ComponentChildren;
}

/** Link leads to a view without loading the page again; it is an ordinary link otherwise. */
export function Link({ view, params, current, children, ...rest }: LinkProps) {
  const to = href(view, params);
  const follow = (e: MouseEvent) => {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    go(to);
    document.getElementById('main')?.scrollTo(0, 0);
  };
  return (
    <a {...rest} href={to} onClick={follow} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}
