/** moveBetweenRows lets the arrow keys go from one row's link to the next. */
export function moveBetweenRows(e: KeyboardEvent): void {
  if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
  const row = (e.target as HTMLElement).closest('tr');
  let next = e.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  if (!next && row?.closest('thead')) next = row.closest('table')?.querySelector('tbody tr');
  const stop = next?.querySelector<HTMLElement>('a, button');
  if (!stop) return;
  e.preventDefault();
  stop.focus();
  stop.scrollIntoView({ block: 'nearest' });
}
