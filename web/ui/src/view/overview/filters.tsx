import type { RefObject } from 'preact';
import { states, stateMeaning, type State } from '../../api/state';
import { ranges } from '../../chart/span';
import { change } from '../../navigate';
import { groupings } from './lines';
import type { Row } from './row';

interface FiltersProps {
  params: URLSearchParams;
  rows: Row[];
  counts: Record<State, number>;
  search: RefObject<HTMLInputElement | null>;
}

/** Filters are the controls above the list; each writes to the address. */
export function Filters({ params, rows, counts, search }: FiltersProps) {
  return (
    <form class="filters" role="search" onSubmit={(e) => e.preventDefault()}>
      <input
        ref={search}
        type="search"
        aria-label="search objectives"
        placeholder="Search service, objective, owner, segment   /"
        value={params.get('q') ?? ''}
        onInput={(e) => change({ q: e.currentTarget.value })}
        onKeyDown={(e) => e.key === 'Escape' && change({ q: '' })}
      />
      <States params={params} counts={counts} />
      <Choice name="owner" params={params} values={distinct(rows, 'owner')} />
      <Choice name="tier" params={params} values={distinct(rows, 'tier')} />
      <label class="choice">
        <span>group by</span>
        <select value={params.get('group') ?? ''} onChange={(e) => change({ group: e.currentTarget.value, fold: '' })}>
          {groupings.map((g) => (
            <option key={g} value={g}>
              {g || 'nothing'}
            </option>
          ))}
        </select>
      </label>
      <label class="choice">
        <span>trend</span>
        <select value={params.get('range') ?? '7d'} onChange={(e) => change({ range: e.currentTarget.value, from: '', to: '' })}>
          {ranges.map((r) => (
            <option key={r}>{r}</option>
          ))}
        </select>
      </label>
    </form>
  );
}

function States({ params, counts }: { params: URLSearchParams; counts: Record<State, number> }) {
  const chosen = params.getAll('state');
  const toggle = (s: State) => change({ state: chosen.includes(s) ? chosen.filter((c) => c !== s) : [...chosen, s] });
  return (
    <div class="chips" role="group" aria-label="filter by state">
      {states.map((s) => (
        <button
          key={s}
          type="button"
          class={'chip ' + s + (counts[s] === 0 ? ' zero' : '')}
          aria-pressed={chosen.includes(s)}
          title={stateMeaning[s]}
          onClick={() => toggle(s)}
        >
          <span class={'state ' + s}>{s}</span> <b class="num">{counts[s]}</b>
        </button>
      ))}
    </div>
  );
}

function Choice({ name, params, values }: { name: 'owner' | 'tier'; params: URLSearchParams; values: string[] }) {
  const chosen = params.get(name) ?? '';
  return (
    <label class="choice">
      <span>{name}</span>
      <select value={chosen} onChange={(e) => change({ [name]: e.currentTarget.value })}>
        <option value="">all</option>
        {(values.includes(chosen) || !chosen ? values : [chosen, ...values]).map((v) => (
          <option key={v}>{v}</option>
        ))}
      </select>
    </label>
  );
}

function distinct(rows: Row[], field: 'owner' | 'tier'): string[] {
  return [...new Set(rows.map((row) => row[field]))].filter(Boolean).sort();
}
