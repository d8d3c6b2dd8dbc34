import type { Budget } from '../../api/budget';
import { float } from '../../api/number';
import { placeText, type Member, type Objective, type Term } from '../../api/objective';
import { ratio } from '../../format/number';
import { Link } from '../../navigate';

/** Definition is how the objective counts, and where that is written. */
export function Definition({ objective, budget }: { objective: Objective; budget: Budget | undefined }) {
  const { sli } = objective;
  return (
    <section class="definition">
      <h2>Definition</h2>
      <dl>
        {objective.description && (
          <>
            <dt>Description</dt>
            <dd>{objective.description}</dd>
          </>
        )}
        <dt>Runs</dt>
        <dd>
          {how(sli)}
          {budget && !sli.members && `; ${budget.series} series feed this budget`}
        </dd>
        {sli.terms.map((t) => (
          <Term key={t.selector + t.kind + t.bad_weight} term={t} />
        ))}
        {sli.members?.map((m) => (
          <MemberRow key={m.id} member={m} />
        ))}
        {sli.by.length > 0 && (
          <>
            <dt>Segments by</dt>
            <dd class="mono">{sli.by.join(', ')}</dd>
          </>
        )}
        <dt>Windows</dt>
        <dd>{objective.windows.join(', ')}</dd>
        <dt>Written in</dt>
        <dd>
          <span class="mono">{placeText(objective.source)}</span> <span class="soft">{objective.format}</span>
        </dd>
        {Object.entries(objective.labels).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

/** how says by which way the SLI comes to its counts. */
function how(sli: Objective['sli']): string {
  if (sli.members) return 'as the weighted mean of what its members did, window by window';
  return sli.native ? 'natively: counted as samples arrive, every event once' : 'by PromQL: ' + (sli.reason ?? '');
}

function MemberRow({ member }: { member: Member }) {
  const [service = '', ...name] = member.id.split('/');
  return (
    <>
      <dt>Member, {ratio(float(member.weight))}</dt>
      <dd>
        <Link view="objective" params={{ service, slo: name.join('/') }}>
          {member.id}
        </Link>
      </dd>
    </>
  );
}

function Term({ term }: { term: Term }) {
  return (
    <>
      <dt>{meaning(float(term.bad_weight), float(term.total_weight))}</dt>
      <dd>
        <code>{term.selector}</code> <span class="soft">{term.kind}</span>
      </dd>
    </>
  );
}

/** meaning says what a term's events add to. */
export function meaning(bad: number, total: number): string {
  const part = (weight: number, name: string) => (weight === 1 ? name : `${weight} × ${name}`);
  if (bad < 0 && total === 0) return bad === -1 ? 'Good' : part(-bad, 'good');
  if (bad === 0) return total === 1 ? 'Total' : part(total, 'total');
  if (total === 0) return bad === 1 ? 'Bad' : part(bad, 'bad');
  return `${part(bad, 'Bad')}, ${part(total, 'total')}`;
}
