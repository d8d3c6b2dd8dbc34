import type { ComponentChildren } from 'preact';

interface FigureProps {
  name: string;
  children: ComponentChildren;
  more?: ComponentChildren;
  mood?: string;
}

/** Figure is one number that matters, with its name and a line about it. */
export function Figure({ name, children, more, mood }: FigureProps) {
  return (
    <div class={'figure ' + (mood ?? '')}>
      <dt>{name}</dt>
      <dd>
        <span class="value num">{children}</span>
        {more && <span class="soft num">{more}</span>}
      </dd>
    </div>
  );
}
